//! The view of a log that the readers of one source share: its identity, its splits and its end.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::damage::{damaged, damaged_at};
use super::folder::{LogEnd, LogFolder, SplitEnd, number_of};
use super::header::{Header, check_name, header_in};
use crate::native::{HEAD_BYTES, Head, PREFIX_BYTES, SplitName};
use runtime::error::{Error, Result};
use runtime::row::Schema;
use runtime::source::{Position, SplitPosition};
use runtime::storage::{FileHandle, FileMode, Location, StoredObject, read_exact_at};

/// Input that a source shares with its readers.
pub(super) struct LogInput {
    pub(super) folder: LogFolder,
    pub(super) schema: Schema,
    /// `true` if readers wait for more records at the end of a split.
    pub(super) follows: bool,
    /// The log's identity, from the first header that was read or from `log.end`.
    identity: OnceLock<u128>,
    /// The content of `log.end`, once the file exists.
    end: OnceLock<LogEnd>,
    /// Number of a split whose end belongs to a complete log.
    final_split: OnceLock<usize>,
    /// Indexed by number, up to the greatest number requested.
    splits: Mutex<Vec<Arc<LogSplit>>>,
}

/// A split.
pub(super) struct LogSplit {
    pub(super) number: usize,
    pub(super) file: Location,
    /// Set once the header was read.
    pub(super) header: OnceLock<Header>,
    /// Number of bytes that are known to be durable.
    synced: AtomicU64,
}

/// A block that was read.
#[derive(Clone, Copy)]
pub(super) struct ReadBlock {
    pub(super) begin: u64,
    pub(super) end: u64,
    /// Checksum in the head. The head also has a checksum of the body.
    pub(super) checksum: u64,
}

/// A position in a split: 40 bytes, little-endian. An empty position is the beginning of the split.
struct LogPosition {
    /// Offset of the next block.
    offset: u64,
    /// The log's identity, or 0 if the header was not read.
    log: u128,
    /// Offset of the block before the position, or 0 before the first block.
    begin: u64,
    /// Checksum in the head of that block.
    checksum: u64,
}

impl LogPosition {
    fn of(position: &Position) -> Option<Self> {
        let bytes = position.bytes();
        let number = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let log = u128::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
        Some(LogPosition { offset: number(0)?, log, begin: number(24)?, checksum: number(32)? })
    }

    fn position(&self) -> Position {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.offset.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.log.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.begin.to_le_bytes());
        bytes[32..].copy_from_slice(&self.checksum.to_le_bytes());
        Position::new(&bytes).unwrap_or_default()
    }
}

/// Returns the offset of a position in its split. It is 0 at the beginning.
pub(super) fn offset_of(position: Option<&Position>) -> u64 {
    position.and_then(LogPosition::of).map_or(0, |position| position.offset)
}

impl LogInput {
    pub(super) fn new(folder: LogFolder, schema: Schema, follows: bool) -> Self {
        let (identity, end, final_split) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        LogInput { folder, schema, follows, identity, end, final_split, splits: Mutex::default() }
    }

    pub(super) fn split(&self, number: usize) -> Arc<LogSplit> {
        let mut splits = self.splits.lock().unwrap_or_else(PoisonError::into_inner);
        while splits.len() <= number {
            let number = splits.len();
            splits.push(Arc::new(LogSplit {
                number,
                file: self.folder.split(number),
                header: OnceLock::new(),
                synced: AtomicU64::new(0),
            }));
        }
        splits[number].clone()
    }

    /// Returns the split whose file name a position holds.
    fn split_named(&self, name: &str) -> Result<Arc<LogSplit>> {
        let number = number_of(name).ok_or_else(|| {
            let message =
                format!("the snapshot names a split {name:?}, and splits of a log are named like \"split-00000.log\"");
            damaged(self.folder.path(), message)
        })?;
        Ok(self.split(number))
    }

    /// Returns the length of a split. If the log is complete, the length is checked.
    pub(super) fn length(&self, split: &LogSplit) -> Result<u64> {
        let info = split.file.info().and_then(|info| info.ok_or_else(|| ErrorKind::NotFound.into()));
        let length = info.map_err(Error::io("read", split.path()))?.bytes;
        self.check_length(split, length).map(|()| length)
    }

    /// Stores a header that was read from a split.
    ///
    /// # Errors
    /// Fails if it belongs to another split or to another log.
    pub(super) fn accept<'s>(&self, split: &'s LogSplit, header: Header) -> Result<&'s Header, String> {
        let log = *self.identity.get_or_init(|| header.name.log);
        check_name(header.name, SplitName { log, number: split.number as u32 })?;
        Ok(split.header.get_or_init(|| header))
    }

    /// Reads the header of a split, if it is whole. Returns the length of the file.
    pub(super) fn read_header(&self, split: &LogSplit) -> Result<u64> {
        let file = split.open()?;
        let (bytes, length) = header_in(&*file, split.path())?;
        let wrong = |message: String| damaged_at(split.path(), 0, message);
        if let Some(header) = Header::read(&bytes.unwrap_or_default(), &self.schema).map_err(wrong)? {
            self.accept(split, header).map_err(|message| damaged(split.path(), message))?;
        }
        Ok(length)
    }

    /// Returns the content of `log.end`, or `None` if the log is not complete.
    ///
    /// # Errors
    /// Fails if the file is damaged, belongs to another log, or is missing.
    pub(super) fn end(&self) -> Result<Option<&LogEnd>> {
        if let Some(end) = self.end.get() {
            return Ok(Some(end));
        }
        let mut end = self.folder.complete()?;
        if let (None, Some(&number)) = (&end, self.final_split.get())
            && !self.split(number).has_writer()?
        {
            // The writer may have completed the log in between.
            end = self.folder.complete()?;
            if end.is_none() {
                let message = "the file is missing, and the splits are those of a complete log; put it back, or seal the log \
                               again: `LogWriter::open`, then `seal_all`";
                return Err(damaged(self.folder.end().path(), message));
            }
        }
        let Some(end) = end else { return Ok(None) };
        if *self.identity.get_or_init(|| end.log) != end.log {
            return Err(damaged(
                self.folder.end().path(),
                "the file belongs to another log; put the log's own file back",
            ));
        }
        Ok(Some(self.end.get_or_init(|| end)))
    }

    /// Returns the end of a split from `log.end`, or `None` if that was not read.
    pub(super) fn end_of(&self, split: &LogSplit) -> Option<SplitEnd> {
        self.end.get().and_then(|end| end.splits.get(split.number)).copied()
    }

    /// Records that a reader has read the end of a split of a complete log.
    pub(super) fn set_final_split(&self, split: &LogSplit) {
        self.final_split.get_or_init(|| split.number);
    }

    /// Checks the length of a split, if the log is complete.
    ///
    /// # Errors
    /// Fails if `log.end` states another length.
    pub(super) fn check_length(&self, split: &LogSplit, length: u64) -> Result<()> {
        match self.end_of(split) {
            Some(SplitEnd { bytes, .. }) if bytes != length => {
                let message = format!(
                    "the log is complete, and this split had {bytes} bytes then; it has {length} now: it was cut off or \
                     replaced; put the file back"
                );
                Err(damaged(split.path(), message))
            }
            _ => Ok(()),
        }
    }

    /// Checks that a split still holds the records before a position.
    ///
    /// # Errors
    /// Fails if the split is missing, shorter, or was replaced.
    pub(super) fn check_position(&self, at: &SplitPosition) -> Result<()> {
        let split = self.split_named(&at.split)?;
        let Some(LogPosition { offset, log, begin, checksum }) = LogPosition::of(&at.position) else { return Ok(()) };
        if offset == 0 {
            return Ok(());
        }
        let wrong = |message: &str| {
            damaged(split.path(), format!("{message}; put the file back, or start over with an empty snapshot folder"))
        };
        if split.file.info().map_err(Error::io("read", split.path()))?.is_none() {
            return Err(wrong("the snapshot has read this split, and it is missing"));
        }
        let length = self.read_header(&split)?;
        let (Some(header), true) = (split.header.get(), length >= offset) else {
            let message =
                format!("the snapshot has read {offset} bytes of this split, and it has {length}: it was cut off");
            return Err(wrong(&message));
        };
        if log != header.name.log {
            return Err(wrong("the snapshot was taken of another log, not of the one that is here now"));
        }
        if begin == 0 && offset > header.bytes {
            return Err(wrong("the snapshot does not name the last block that it has read"));
        }
        let is_same = begin == 0 || split.holds(&*split.open()?, ReadBlock { begin, end: offset, checksum })?;
        match is_same {
            true => Ok(()),
            false => Err(wrong(&format!("the block before byte {offset} is not the one that the snapshot has read"))),
        }
    }

    /// Makes the records before the positions durable.
    pub(super) fn sync(&self, positions: &[SplitPosition]) -> Result<()> {
        let mut has_new = false;
        for at in positions {
            let (split, offset) = (self.split_named(&at.split)?, offset_of(Some(&at.position)));
            let synced = split.synced.load(Ordering::Relaxed);
            if synced < offset {
                split.open_file()?.sync().map_err(Error::io("sync", split.path()))?;
                split.synced.fetch_max(offset, Ordering::Relaxed);
                has_new |= synced == 0;
            }
        }
        if has_new { self.folder.sync().and_then(|()| self.folder.sync_name()) } else { Ok(()) }
    }
}

impl LogSplit {
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn shared_path(&self) -> &Arc<PathBuf> {
        self.file.shared_path()
    }

    pub(super) fn open(&self) -> Result<Arc<dyn StoredObject>> {
        self.file.open().map_err(Error::io("read", self.path()))
    }

    /// Opens the file to sync it or to test its lock.
    fn open_file(&self) -> Result<Arc<dyn FileHandle>> {
        let opened = self.file.file_system().and_then(|files| files.open_file(self.path(), FileMode::Read));
        opened.map_err(Error::io("read", self.path()))
    }

    /// Returns the position at an offset. `last` is the last block that was read.
    pub(super) fn position(&self, offset: u64, last: Option<ReadBlock>) -> Position {
        let log = self.header.get().map_or(0, |header| header.name.log);
        let last = last.filter(|block| block.end == offset && log != 0);
        let (begin, checksum) = last.map_or((0, 0), |block| (block.begin, block.checksum));
        LogPosition { offset, log, begin, checksum }.position()
    }

    /// Returns `true` if a block that was read is still in the file.
    pub(super) fn holds(&self, file: &dyn StoredObject, block: ReadBlock) -> Result<bool> {
        let mut head = [0; HEAD_BYTES];
        let read = file.read_at(&mut head, block.begin).map_err(Error::io("read", self.path()))?;
        Ok(read == HEAD_BYTES && checksum_of(&head) == block.checksum && Head::read(&head, block.begin).is_ok())
    }

    /// Checks that a file is the one that was read before, by its last block or its header.
    ///
    /// # Errors
    /// Fails if the split was truncated or replaced.
    pub(super) fn check_unchanged(
        &self,
        file: &dyn StoredObject,
        header: &Header,
        last: Option<ReadBlock>,
    ) -> Result<()> {
        let is_same = match last {
            Some(block) => self.holds(file, block)?,
            None => {
                let mut bytes = [0; PREFIX_BYTES + SplitName::BYTES];
                read_exact_at(file, &mut bytes, 0).map_err(Error::io("read", self.path()))?;
                SplitName::of(&bytes) == Some(header.name)
            }
        };
        match is_same {
            true => Ok(()),
            false => Err(damaged(self.path(), "the file was cut off or replaced while it was followed; put it back")),
        }
    }

    /// Returns `true` if a writer holds the lock of the split.
    fn has_writer(&self) -> Result<bool> {
        let locked = self.open_file()?.try_lock(true).map_err(Error::io("lock", self.path()))?;
        Ok(!locked)
    }
}

/// Returns the checksum that a head has of itself.
pub(super) fn checksum_of(head: &[u8; HEAD_BYTES]) -> u64 {
    head.last_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
