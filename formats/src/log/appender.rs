//! The file of a split, opened by its writer.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_64_with_seed};

use super::damage::{damaged, damaged_at};
use super::folder::SplitEnd;
use super::header::{check_name, header_in, name_in};
use crate::native::{HEAD_BYTES, Head, PREFIX_BYTES};
use runtime::error::{Error, Result};
use runtime::storage::{FileHandle, FileMode, Location, read_exact_at};

/// Appends whole blocks to a split. Holds a lock on the file, so a split has one writer among all
/// processes.
pub(super) struct Appender {
    file: Arc<dyn FileHandle>,
    location: Location,
    /// Length of the header.
    header_bytes: u64,
    /// Length of the header, the whole blocks and the end. The next write goes there.
    bytes: u64,
    /// Length of the part that is durable.
    durable_bytes: u64,
    /// A sync has failed, so the next one writes the bytes after the durable part again.
    must_rewrite: bool,
    rows: u64,
    blocks: u64,
    /// Checksum of the header and the heads of the blocks.
    checksum: u64,
    end: SplitState,
}

/// How a split ends.
#[derive(Clone, Copy, PartialEq)]
enum SplitState {
    Open,
    Sealed,
    /// Sealed together with its log.
    Final,
}

/// Adds the head of a block to the checksum of the header and of the heads before.
pub(super) fn checksum_with_head(checksum: u64, head: &[u8; HEAD_BYTES]) -> u64 {
    xxh3_64_with_seed(head, checksum)
}

impl Appender {
    /// Opens the split with this header, or creates it. Cuts off an incomplete tail of its last
    /// writer.
    ///
    /// # Errors
    /// Fails if another writer has the split, if its header differs, or if its last block or a head
    /// is damaged.
    pub(super) fn open(location: &Location, header: &[u8]) -> Result<Self> {
        let file = location.file_system().and_then(|files| files.open_file(location.path(), FileMode::Write));
        Self::lock_and_open(file.map_err(Error::io("write", location.path()))?, location, header)
    }

    /// Creates the split with this header. Returns `None` if the file exists.
    pub(super) fn create(location: &Location, header: &[u8]) -> Result<Option<Self>> {
        match location.file_system().and_then(|files| files.open_file(location.path(), FileMode::CreateNew)) {
            Ok(file) => Self::lock_and_open(file, location, header).map(Some),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(Error::io("create", location.path())(error)),
        }
    }

    fn lock_and_open(file: Arc<dyn FileHandle>, location: &Location, header: &[u8]) -> Result<Self> {
        if !file.try_lock(false).map_err(Error::io("lock", location.path()))? {
            let message = "another writer has this split; wait for its end, or add splits to the log";
            return Err(damaged(location.path(), message));
        }
        let (location, end, checksum) = (location.clone(), SplitState::Open, xxh3_64(header));
        let mut appender = Appender {
            file,
            location,
            header_bytes: header.len() as u64,
            bytes: 0,
            durable_bytes: 0,
            must_rewrite: false,
            rows: 0,
            blocks: 0,
            checksum,
            end,
        };
        // Another writer may have replaced the file before it was locked.
        appender.check_in_place()?;
        appender.find_end(header)?;
        // The last writer may have stopped before a sync.
        appender.sync()?;
        Ok(appender)
    }

    fn path(&self) -> &Path {
        self.location.path()
    }

    /// Checks that blocks may be appended.
    pub(super) fn check_open(&self) -> Result<()> {
        match self.end {
            SplitState::Open => Ok(()),
            SplitState::Sealed | SplitState::Final => {
                Err(damaged(self.path(), "the split is sealed: nothing may follow its end"))
            }
        }
    }

    /// Checks that the path still leads to the file, because readers open it by path.
    fn check_in_place(&self) -> Result<()> {
        if self.file.is_at(self.path()) {
            return Ok(());
        }
        let message = "the split was removed or replaced while this program was writing it, so no reader finds its \
                       records: end the writers of a log before it is removed, and make it again by \
                       `LogWriter::create`";
        Err(damaged(self.path(), message))
    }

    /// Finds the end of the last whole block, and cuts off the rest.
    fn find_end(&mut self, header: &[u8]) -> Result<()> {
        let length = self.file.info().map_err(Error::io("read", self.path()))?.bytes;
        if !self.has_header(header, length)? {
            self.truncate_tail(length)?;
            return self.write(header);
        }
        self.bytes = header.len() as u64;
        let (mut bytes, mut last) = ([0; HEAD_BYTES], None);
        while self.end == SplitState::Open && self.bytes + HEAD_BYTES as u64 <= length {
            self.read_at(&mut bytes, self.bytes)?;
            let head = Head::read(&bytes, self.bytes).map_err(|message| self.damaged_tail(self.bytes, &message))?;
            let end = self.bytes + frame_bytes(head) as u64;
            if end > length {
                break;
            }
            if let Head::Block { checksum, .. } = head {
                last = Some((self.bytes, end, checksum));
            }
            self.count(head, &bytes)?;
            self.bytes = end;
        }
        // After a power failure a file may have its length, but not its last bytes.
        if let Some((begin, end, checksum)) = last {
            self.check_body(begin, end, checksum)?;
        }
        if self.end != SplitState::Open && self.bytes < length {
            return Err(damaged_at(self.path(), self.bytes, "bytes follow the end of the split; get the file again"));
        }
        self.truncate_tail(length)
    }

    /// Checks the body of a block.
    fn check_body(&self, begin: u64, end: u64, checksum: u64) -> Result<()> {
        let (mut hash, mut at, mut piece) = (Xxh3::new(), begin + HEAD_BYTES as u64, vec![0; 1 << 16]);
        while at < end {
            let length = piece.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
            self.read_at(&mut piece[..length], at)?;
            hash.update(&piece[..length]);
            at += length as u64;
        }
        match hash.digest() == checksum {
            true => Ok(()),
            false => Err(self.damaged_tail(begin, "the last block is damaged: its checksum does not fit")),
        }
    }

    fn damaged_tail(&self, at: u64, message: &str) -> Error {
        let path = self.path().display();
        let advice = format!("get the file again, or cut off what follows: `truncate --size={at} {path}`");
        damaged_at(self.path(), at, format!("{message}; {advice}"))
    }

    /// Returns `false` if the file ends within its header.
    fn has_header(&self, header: &[u8], length: u64) -> Result<bool> {
        if let (Some(found), _) = header_in(&*self.file, self.path())? {
            return self.check_header(&found, header).map(|()| true);
        }
        // A file shorter than its header holds no records. Its first bytes are compared anyway,
        // because it may not be a split.
        let mut found = vec![0; PREFIX_BYTES.min(usize::try_from(length).unwrap_or(PREFIX_BYTES))];
        self.read_at(&mut found, 0)?;
        match length < header.len() as u64 && header.starts_with(&found) {
            true => Ok(false),
            false => {
                Err(damaged_at(self.path(), 0, "the header is damaged, or not that of a split with these records"))
            }
        }
    }

    fn check_header(&self, found: &[u8], expected: &[u8]) -> Result<()> {
        if found == expected {
            return Ok(());
        }
        let names = name_in(expected).and_then(|expected| check_name(name_in(found)?, expected));
        names.map_err(|message| damaged(self.path(), message))?;
        let message = "the split holds other records than this program writes: a log has records of one type";
        Err(Error::Schema { path: self.path().to_owned(), message: message.to_owned() })
    }

    /// Cuts off the bytes after the last whole block.
    fn truncate_tail(&self, length: u64) -> Result<()> {
        if length == self.bytes {
            Ok(())
        } else {
            self.file.set_bytes(self.bytes).map_err(Error::io("write", self.path()))
        }
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        read_exact_at(&*self.file, bytes, offset).map_err(Error::io("read", self.path()))
    }

    /// Adds the head of a block to the totals. Checks the totals against the head of an end.
    fn count(&mut self, head: Head, bytes: &[u8; HEAD_BYTES]) -> Result<()> {
        match head {
            Head::Block { rows, .. } => {
                self.rows += u64::from(rows);
                self.blocks += 1;
                self.checksum = checksum_with_head(self.checksum, bytes);
            }
            Head::End { rows, blocks, completes_log } => {
                check_counts((rows, blocks), (self.rows, self.blocks))
                    .map_err(|message| damaged_at(self.path(), self.bytes, message))?;
                self.end = if completes_log { SplitState::Final } else { SplitState::Sealed };
            }
        }
        Ok(())
    }

    /// Appends whole blocks with one write.
    ///
    /// # Errors
    /// Fails if they cannot be written; then none of them is in the file. Fails if the file is no
    /// longer at its path.
    pub(super) fn append(&mut self, mut blocks: Vec<u8>) -> Result<()> {
        self.check_open()?;
        self.check_in_place()?;
        let (mut heads, mut at) = (Vec::new(), 0);
        while let Some(bytes) = blocks.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            let head = Head::read(bytes, 0).map_err(Error::Internal)?;
            Head::stamp(bytes, self.bytes + at as u64);
            heads.push((head, *bytes));
            at += frame_bytes(head);
        }
        self.write(&blocks)?;
        heads.iter().try_for_each(|(head, bytes)| self.count(*head, bytes))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Err(error) = self.file.write_all_at(bytes, self.bytes) {
            // If this fails too, the next writer cuts the tail off.
            let _ = self.file.set_bytes(self.bytes);
            return Err(Error::io("write", self.path())(error));
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes all appended bytes durable.
    ///
    /// # Errors
    /// Fails if the system fails to sync. A failed sync may lose bytes, and a later sync would
    /// succeed without them. So the next call writes them again.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.check_in_place()?;
        self.check_length()?;
        if self.must_rewrite {
            self.rewrite()?;
        }
        self.must_rewrite = true;
        self.file.sync().map_err(Error::io("sync", self.path()))?;
        (self.durable_bytes, self.must_rewrite) = (self.bytes, false);
        Ok(())
    }

    /// Checks that the file has all bytes that were written.
    fn check_length(&self) -> Result<()> {
        let length = self.file.info().map_err(Error::io("read", self.path()))?.bytes;
        if length >= self.bytes {
            return Ok(());
        }
        let written = self.bytes;
        let reason = "it was cut off, or the disk lost a write; get the file again";
        let message = format!("{written} bytes were written, and the file ends here: {reason}");
        Err(damaged_at(self.path(), length, message))
    }

    /// Writes the bytes after the durable part again, from the system's cache.
    fn rewrite(&self) -> Result<()> {
        let mut at = self.durable_bytes.max(self.header_bytes);
        while at < self.bytes {
            let mut head = [0; HEAD_BYTES];
            self.read_at(&mut head, at)?;
            let found = Head::read(&head, at).map_err(|message| self.damaged_tail(at, &message))?;
            let end = at + frame_bytes(found) as u64;
            if let Head::Block { checksum, .. } = found {
                self.check_body(at, end, checksum)?;
            }
            at = end;
        }
        let (mut at, mut piece) = (self.durable_bytes, vec![0; 1 << 20]);
        while at < self.bytes {
            let length = piece.len().min(usize::try_from(self.bytes - at).unwrap_or(usize::MAX));
            self.read_at(&mut piece[..length], at)?;
            self.file.write_all_at(&piece[..length], at).map_err(Error::io("write", self.path()))?;
            at += length as u64;
        }
        Ok(())
    }

    /// Ends the split for good.
    pub(super) fn seal(&mut self) -> Result<()> {
        match self.end {
            SplitState::Open => self.append(self.end_bytes(false)),
            SplitState::Sealed | SplitState::Final => Ok(()),
        }
    }

    /// Ends the split as part of a complete log, and makes it durable. If the split has an end,
    /// marks that end.
    pub(super) fn seal_with_log(&mut self) -> Result<SplitEnd> {
        let mut end = self.end_bytes(true);
        match self.end {
            SplitState::Open => self.append(end)?,
            SplitState::Sealed => {
                let at = self.bytes - end.len() as u64;
                end.first_chunk_mut().into_iter().for_each(|head| Head::stamp(head, at));
                self.durable_bytes = self.durable_bytes.min(at);
                let written = self.file.write_all_at(&end, at);
                written.map_err(Error::io("write", self.path()))?;
                self.end = SplitState::Final;
            }
            SplitState::Final => {}
        }
        self.sync()?;
        Ok(SplitEnd { bytes: self.bytes, checksum: self.checksum })
    }

    fn end_bytes(&self, completes_log: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        Head::End { rows: self.rows, blocks: self.blocks, completes_log }.write(&mut bytes);
        bytes
    }
}

/// Checks the numbers of rows and blocks that the end of a split states.
///
/// # Errors
/// Fails if the numbers differ.
pub(super) fn check_counts(named: (u64, u64), found: (u64, u64)) -> Result<(), String> {
    match named == found {
        true => Ok(()),
        false => Err(format!(
            "the split is damaged: its end names {} records in {} blocks, and there are {} in {}; get the file again",
            named.0, named.1, found.0, found.1
        )),
    }
}

impl Drop for Appender {
    /// Releases the lock. Closing the file is not enough: a process that this program has just
    /// forked keeps the file open until it executes another program.
    fn drop(&mut self) {
        self.file.unlock();
    }
}

/// Returns the length of a block with its head, or of an end.
fn frame_bytes(head: Head) -> usize {
    match head {
        Head::Block { body_bytes, .. } => HEAD_BYTES + body_bytes as usize,
        Head::End { .. } => HEAD_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::{SplitName, header};
    use runtime::row::{LeafType, SchemaBuilder};

    /// Readers open a split by its path. Records in a file without that path would be lost
    /// silently.
    #[test]
    fn writers_of_removed_or_replaced_splits_fail() {
        let place = tempfile::tempdir().unwrap();
        let path = Location::from(&place.path().join("split"));
        let schema = SchemaBuilder::build(|builder| builder.leaf(LeafType::U64));
        let header = header(&schema, Some(SplitName { log: 1, number: 0 })).unwrap();
        let mut block = Vec::new();
        Head::Block { rows: 0, body_bytes: 0, checksum: Xxh3::new().digest() }.write(&mut block);
        for is_replaced in [false, true] {
            let mut appender = Appender::open(&path, &header).unwrap();
            appender.append(block.clone()).unwrap();
            path.delete().unwrap();
            let other = is_replaced.then(|| Appender::open(&path, &header).unwrap());
            for ended in
                [appender.append(block.clone()), appender.sync(), appender.seal(), appender.seal_with_log().map(drop)]
            {
                let message = ended.unwrap_err().to_string();
                assert!(message.contains("split: the split was removed or replaced"), "{message}");
            }
            drop(other);
        }
    }

    /// The split already has its end, so sealing appends no bytes.
    #[test]
    fn removed_sealed_splits_do_not_complete_a_log() {
        let place = tempfile::tempdir().unwrap();
        let path = Location::from(&place.path().join("split"));
        let schema = SchemaBuilder::build(|builder| builder.leaf(LeafType::U64));
        let header = header(&schema, Some(SplitName { log: 1, number: 0 })).unwrap();
        let mut appender = Appender::open(&path, &header).unwrap();
        appender.seal().unwrap();
        path.delete().unwrap();
        let message = appender.seal_with_log().map(drop).unwrap_err().to_string();
        assert!(message.contains("split: the split was removed or replaced"), "{message}");
    }

    /// A forked process briefly holds all files of its parent.
    #[test]
    fn a_dropped_writer_releases_the_lock_despite_inherited_files() {
        let place = tempfile::tempdir().unwrap();
        let path = Location::from(&place.path().join("split"));
        let schema = SchemaBuilder::build(|builder| builder.leaf(LeafType::U64));
        let header = header(&schema, Some(SplitName { log: 1, number: 0 })).unwrap();
        let appender = Appender::open(&path, &header).unwrap();
        let inherited = appender.file.clone();
        assert!(Appender::open(&path, &header).is_err());
        drop(appender);
        assert!(Appender::open(&path, &header).is_ok());
        drop(inherited);
    }
}
