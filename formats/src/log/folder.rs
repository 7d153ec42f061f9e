//! The folder of a log: splits by number, and `log.end`, which completes the log.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::damage::{damaged, damaged_at};
use super::header::{header_in, name_in};
use runtime::error::{Error, Result};
use runtime::storage::{Location, PutMode, PutOptions, sync_folders_above};

/// The file that completes a log.
const END_NAME: &str = "log.end";

/// Bytes before the splits: magic number, version, zeros, number of splits, zeros, the log's
/// identity.
const END_PREFIX_BYTES: usize = 32;

const END_VERSION: u16 = 2;

/// The content of `log.end`: the identity of the log, and each of its splits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogEnd {
    /// The log's identity.
    pub(super) log: u128,
    /// Indexed by number.
    pub(super) splits: Vec<SplitEnd>,
}

/// A split of a complete log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SplitEnd {
    /// Length of the file.
    pub(super) bytes: u64,
    /// Checksum of the header and the heads of the blocks. Each head has a checksum of its body.
    pub(super) checksum: u64,
}

/// A log's folder.
#[derive(Clone, Debug)]
pub(super) struct LogFolder {
    location: Location,
}

impl LogFolder {
    pub(super) fn at(location: impl Into<Location>) -> Self {
        LogFolder { location: location.into() }
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    pub(super) fn path(&self) -> &Path {
        self.location.path()
    }

    /// Returns the file of a split.
    pub(super) fn split(&self, number: usize) -> Location {
        self.location.join(format!("split-{number:05}.log"))
    }

    /// Counts the splits, of which the first `known` are known to exist.
    pub(super) fn count(&self, known: usize) -> Result<usize> {
        let mut count = known;
        while exists(&self.split(count))? {
            count += 1;
        }
        Ok(count)
    }

    /// As [`LogFolder::count`], for a folder that was not read before. A missing number is an
    /// error.
    pub(super) fn first_count(&self) -> Result<usize> {
        let count = self.count(0)?;
        for entry in self.location.list().map_err(Error::io("read", self.path()))? {
            if let Some(number) = number_of(&entry.name.to_string_lossy())
                && number > count
            {
                let message = format!("it is missing, and split {number} is there; splits are numbered without gaps");
                return Err(damaged(self.split(count).path(), message));
            }
        }
        Ok(count)
    }

    /// Reads `log.end`. Returns `None` if the log is not complete.
    pub(super) fn complete(&self) -> Result<Option<LogEnd>> {
        let end = self.end();
        let Some(bytes) = end.read().map_err(Error::io("read", end.path()))? else { return Ok(None) };
        LogEnd::read(&bytes).map(Some).map_err(|message| damaged(end.path(), message))
    }

    /// Completes the log, whose splits must be sealed and durable.
    pub(super) fn set_complete(&self, end: &LogEnd) -> Result<()> {
        let (location, bytes) = (self.end(), end.write()?);
        self.sync()?;
        self.sync_name()?;
        let create = || {
            let mut file = location.create(PutOptions { mode: PutMode::Replace, is_durable: true })?;
            file.write(&bytes)?;
            file.finish()
        };
        create().map_err(Error::io("create", location.path()))
    }

    /// Returns the location of `log.end`.
    pub(super) fn end(&self) -> Location {
        self.location.join(END_NAME)
    }

    /// Returns the log's identity from the first split with a whole header, or `None` if there is
    /// no such split.
    pub(super) fn identity(&self) -> Result<Option<u128>> {
        for split in (0..self.count(0)?).map(|number| self.split(number)) {
            let path = split.path();
            let file = split.open().map_err(Error::io("read", path))?;
            if let (Some(header), _) = header_in(&*file, path)? {
                return name_in(&header).map(|name| Some(name.log)).map_err(|message| damaged_at(path, 0, message));
            }
        }
        Ok(None)
    }

    /// Makes the name of the folder durable.
    pub(super) fn sync_name(&self) -> Result<()> {
        let synced = self.location.file_system().and_then(|files| sync_folders_above(files, self.path()));
        synced.map_err(Error::io("sync", self.path()))
    }

    /// Makes the names in the folder durable.
    pub(super) fn sync(&self) -> Result<()> {
        let synced = self.location.file_system().and_then(|files| files.sync_folder(self.path()));
        synced.map_err(Error::io("sync", self.path()))
    }
}

fn exists(location: &Location) -> Result<bool> {
    location.info().map(|info| info.is_some()).map_err(Error::io("read", location.path()))
}

pub(super) fn number_of(name: &str) -> Option<usize> {
    name.strip_prefix("split-")?.strip_suffix(".log")?.parse().ok()
}

impl LogEnd {
    fn write(&self) -> Result<Vec<u8>> {
        let count = self.splits.len();
        let number = u32::try_from(count).map_err(|_| Error::Internal(format!("a log of {count} splits")))?;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(b"dflz");
        bytes.extend_from_slice(&END_VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.log.to_le_bytes());
        for split in &self.splits {
            bytes.extend_from_slice(&split.bytes.to_le_bytes());
            bytes.extend_from_slice(&split.checksum.to_le_bytes());
        }
        let checksum = xxh3_64(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }

    /// # Errors
    /// Fails if the bytes are damaged or have another version.
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let damaged = || "the file is damaged: put it back, or remove it and seal the log again".to_owned();
        let (body, checksum) = bytes.split_last_chunk::<8>().ok_or_else(damaged)?;
        if xxh3_64(body) != u64::from_le_bytes(*checksum) || !body.starts_with(b"dflz") {
            return Err(damaged());
        }
        let version = body.get(4..).and_then(|rest| rest.first_chunk()).map(|bytes| u16::from_le_bytes(*bytes));
        match version {
            Some(END_VERSION) => Self::of(body).ok_or_else(damaged),
            Some(version) => Err(format!(
                "the log was sealed by another version of this program: the file has version {version}, and this \
                 program reads {END_VERSION}; append the records of `read_native(\"…/split-*.log\")` to a new log"
            )),
            None => Err(damaged()),
        }
    }

    fn of(body: &[u8]) -> Option<Self> {
        let number = |bytes: &[u8], at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let (prefix, entries) = body.split_at_checked(END_PREFIX_BYTES)?;
        let log = u128::from_le_bytes(*prefix.last_chunk()?);
        let split = |entry: &[u8]| Some(SplitEnd { bytes: number(entry, 0)?, checksum: number(entry, 8)? });
        let splits: Vec<SplitEnd> = entries.chunks(16).map(split).collect::<Option<_>>()?;
        (number(prefix, 8)? == splits.len() as u64).then_some(LogEnd { log, splits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_log_ends_are_refused() {
        let split = |number| SplitEnd { bytes: 100 + number, checksum: u64::MAX - number };
        let end = LogEnd { log: 7 << 100, splits: (0..3).map(split).collect() };
        let bytes = end.write().unwrap();
        assert_eq!(LogEnd::read(&bytes), Ok(end));
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert!(LogEnd::read(&wrong).is_err() && LogEnd::read(&bytes[..at]).is_err(), "byte {at}");
        }
    }

    #[test]
    fn log_end_of_version_1_is_refused_with_advice() {
        let mut bytes = [b"dflz".as_slice(), &[1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]].concat();
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        let message = LogEnd::read(&bytes).unwrap_err();
        assert!(message.contains("has version 1") && message.contains("to a new log"), "{message}");
    }

    #[test]
    fn splits_are_counted_without_gaps() {
        let place = tempfile::tempdir().unwrap();
        let folder = LogFolder::at(place.path());
        assert_eq!(folder.first_count().unwrap(), 0);
        for number in [0, 1, 3] {
            std::fs::write(folder.split(number).path(), "").unwrap();
        }
        assert_eq!(folder.count(1).unwrap(), 2);
        let message = folder.first_count().unwrap_err().to_string();
        assert!(message.contains("split-00002.log: it is missing, and split 3 is there"), "{message}");
    }
}
