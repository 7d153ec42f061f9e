//! The file of a split, as the one who appends to it has it.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::folder::damaged;
use crate::error::{Error, Result};
use crate::format::native::{HEAD_BYTES, Head, PREFIX_BYTES, header_bytes};

/// Appends whole blocks to a split. It holds a lock on the file, so there is one for each split, in all processes.
pub(super) struct Appender {
    file: File,
    path: PathBuf,
    /// What is whole.
    bytes: u64,
    rows: u64,
    blocks: u64,
    is_sealed: bool,
}

impl Appender {
    /// Opens a split whose header is this one, or makes it. What its last writer did not write to the end is cut off.
    ///
    /// # Errors
    /// Where another writer has the split, its header is another one, or its blocks do not follow each other.
    pub(super) fn open(path: &Path, header: &[u8]) -> Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path);
        Self::over(file.map_err(Error::io("write", path))?, path, header)
    }

    /// As [`Appender::open`], for a split that is not there yet; nothing where it is.
    pub(super) fn create(path: &Path, header: &[u8]) -> Result<Option<Self>> {
        match File::options().read(true).write(true).create_new(true).open(path) {
            Ok(file) => Self::over(file, path, header).map(Some),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(Error::io("create", path)(error)),
        }
    }

    fn over(file: File, path: &Path, header: &[u8]) -> Result<Self> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = "another writer has this split; wait for its end, or add splits to the log";
                return Err(damaged(path, message.to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
        }
        let mut appender = Appender { file, path: path.to_owned(), bytes: 0, rows: 0, blocks: 0, is_sealed: false };
        appender.find_end(header)?;
        Ok(appender)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Holds that something may follow.
    pub(super) fn check_open(&self) -> Result<()> {
        match self.is_sealed {
            true => Err(damaged(&self.path, "the split is sealed: nothing may follow its end".to_owned())),
            false => Ok(()),
        }
    }

    /// Goes from block to block, and cuts off what is not whole.
    fn find_end(&mut self, header: &[u8]) -> Result<()> {
        let length = self.file.metadata().map_err(Error::io("read", &self.path))?.len();
        if !self.has_header(header, length)? {
            self.cut(length)?;
            return self.write(header);
        }
        self.bytes = header.len() as u64;
        let mut head = [0; HEAD_BYTES];
        while !self.is_sealed && self.bytes + HEAD_BYTES as u64 <= length {
            self.read_at(&mut head, self.bytes)?;
            let wrong =
                |message| Error::Data { path: self.path.clone(), place: format!(", byte {}", self.bytes), message };
            let found = Head::read(&head).map_err(wrong)?;
            let end = self.bytes + frame_bytes(found) as u64;
            if end > length {
                break;
            }
            self.count(found);
            self.bytes = end;
        }
        self.cut(length)
    }

    /// Whether the file begins with a header that is whole.
    fn has_header(&self, header: &[u8], length: u64) -> Result<bool> {
        let mut found = vec![0; header.len().min(usize::try_from(length).unwrap_or(usize::MAX))];
        self.read_at(&mut found, 0)?;
        if found == header {
            return Ok(true);
        }
        if header.starts_with(&found) {
            return Ok(false);
        }
        let wrong = |message| Error::Data { path: self.path.clone(), place: ", byte 0".to_owned(), message };
        if found.len() >= PREFIX_BYTES {
            header_bytes(&found).map_err(wrong)?;
        }
        let message =
            "the split holds other records than this program writes: a log has records of one type".to_owned();
        Err(Error::Schema { path: self.path.clone(), message })
    }

    /// Cuts the file off behind what is whole, where it is longer.
    fn cut(&self, length: u64) -> Result<()> {
        if length == self.bytes {
            Ok(())
        } else {
            self.file.set_len(self.bytes).map_err(Error::io("write", &self.path))
        }
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(bytes, offset).map_err(Error::io("read", &self.path))
    }

    fn count(&mut self, head: Head) {
        match head {
            Head::Block { rows, .. } => {
                self.rows += u64::from(rows);
                self.blocks += 1;
            }
            Head::End { .. } => self.is_sealed = true,
        }
    }

    /// Appends whole blocks, by one write.
    ///
    /// # Errors
    /// Where they cannot be written: then none of them is there.
    pub(super) fn append(&mut self, blocks: &[u8]) -> Result<()> {
        self.check_open()?;
        self.write(blocks)?;
        let mut rest = blocks;
        while let Some(head) = rest.first_chunk() {
            let head = Head::read(head).map_err(Error::Internal)?;
            self.count(head);
            rest = rest.get(frame_bytes(head)..).unwrap_or_default();
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Err(error) = self.file.write_all_at(bytes, self.bytes) {
            // The next writer would cut it off as well.
            let _ = self.file.set_len(self.bytes);
            return Err(Error::io("write", &self.path)(error));
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Has the disk keep what was appended.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(Error::io("sync", &self.path))
    }

    /// Ends the split for good.
    pub(super) fn seal(&mut self) -> Result<()> {
        if !self.is_sealed {
            let mut end = Vec::new();
            Head::End { rows: self.rows, blocks: self.blocks }.write(&mut end);
            self.append(&end)?;
        }
        Ok(())
    }
}

impl Drop for Appender {
    /// The lock is given back by itself, and not by closing the file: a process that the program starts meanwhile has the file, too, until it runs a program
    /// of its own.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// How long a block is with its head, or an end.
fn frame_bytes(head: Head) -> usize {
    match head {
        Head::Block { body_bytes, .. } => HEAD_BYTES + body_bytes as usize,
        Head::End { .. } => HEAD_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::native::header;
    use crate::row::{LeafType, SchemaBuilder};

    /// A process that the program starts has all of its files for a moment.
    #[test]
    fn a_split_is_free_when_its_writer_goes_whoever_has_the_file_besides() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("split");
        let header = header(&SchemaBuilder::build(|builder| builder.leaf(LeafType::U64))).unwrap();
        let appender = Appender::open(&path, &header).unwrap();
        let inherited = appender.file.try_clone().unwrap();
        assert!(Appender::open(&path, &header).is_err());
        drop(appender);
        assert!(Appender::open(&path, &header).is_ok());
        drop(inherited);
    }
}
