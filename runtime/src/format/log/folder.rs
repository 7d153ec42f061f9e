//! The folder of a log: its splits by number, and the file that says that no more will come.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};

/// The file that is there once a log is complete.
const END_NAME: &str = "log.end";

/// Its bytes: magic number, version, zeros, the number of splits, zeros, checksum.
const END_BYTES: usize = 24;

const END_VERSION: u16 = 1;

/// A log's folder.
#[derive(Clone, Debug)]
pub(super) struct LogFolder {
    path: PathBuf,
}

impl LogFolder {
    pub(super) fn at(path: impl Into<PathBuf>) -> Self {
        LogFolder { path: path.into() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a split lies.
    pub(super) fn split(&self, number: usize) -> PathBuf {
        self.path.join(format!("split-{number:05}.log"))
    }

    /// How many splits there are, where so many are known.
    pub(super) fn count(&self, known: usize) -> Result<usize> {
        let mut count = known;
        while exists(&self.split(count))? {
            count += 1;
        }
        Ok(count)
    }

    /// As [`LogFolder::count`], for a folder of which nothing is known: that numbers are missing is an error.
    pub(super) fn first_count(&self) -> Result<usize> {
        let count = self.count(0)?;
        for entry in fs::read_dir(&self.path).map_err(Error::io("read", &self.path))? {
            let name = entry.map_err(Error::io("read", &self.path))?.file_name();
            if let Some(number) = number_of(&name.to_string_lossy())
                && number > count
            {
                let message = format!("it is missing, and split {number} is there; splits are numbered without gaps");
                return Err(damaged(&self.split(count), message));
            }
        }
        Ok(count)
    }

    /// How many splits a complete log has; nothing where the log is not complete.
    pub(super) fn complete(&self) -> Result<Option<usize>> {
        let path = self.path.join(END_NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        read_end(&bytes).map(Some).ok_or_else(|| {
            damaged(
                &path,
                "the file that says that the log is complete is damaged; remove it, and seal the log once more"
                    .to_owned(),
            )
        })
    }

    /// Says that the log is complete: all splits are sealed, and there are so many.
    pub(super) fn set_complete(&self, splits: usize) -> Result<()> {
        let splits = u32::try_from(splits).map_err(|_| Error::Internal(format!("a log of {splits} splits")))?;
        let (path, written) = (self.path.join(END_NAME), self.path.join(format!(".{END_NAME}.{}", std::process::id())));
        let mut file = File::create(&written).map_err(Error::io("create", &written))?;
        file.write_all(&end(splits)).and_then(|()| file.sync_all()).map_err(Error::io("write", &written))?;
        fs::rename(&written, &path).map_err(Error::io("create", &path))?;
        self.sync()
    }

    /// Has the disk keep the names in the folder.
    pub(super) fn sync(&self) -> Result<()> {
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", &self.path))
    }
}

/// An error about a file as a whole.
pub(super) fn damaged(path: &Path, message: String) -> Error {
    Error::Data { path: path.to_owned(), place: String::new(), message }
}

fn exists(path: &Path) -> Result<bool> {
    path.try_exists().map_err(Error::io("read", path))
}

fn number_of(name: &str) -> Option<usize> {
    name.strip_prefix("split-")?.strip_suffix(".log")?.parse().ok()
}

fn end(splits: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(END_BYTES);
    bytes.extend_from_slice(b"dflz");
    bytes.extend_from_slice(&END_VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes.extend_from_slice(&splits.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    let checksum = xxh3_64(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

fn read_end(bytes: &[u8]) -> Option<usize> {
    let (body, checksum) = bytes.split_last_chunk::<8>()?;
    let is_end = bytes.len() == END_BYTES && xxh3_64(body) == u64::from_le_bytes(*checksum);
    let version = u16::from_le_bytes([*body.get(4)?, *body.get(5)?]);
    let splits = u32::from_le_bytes(*body.get(8..)?.first_chunk()?);
    (is_end && body.starts_with(b"dflz") && version == END_VERSION).then_some(splits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_read_as_it_was_written_and_else_refused() {
        let bytes = end(7);
        assert_eq!((bytes.len(), read_end(&bytes)), (END_BYTES, Some(7)));
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert_eq!((read_end(&wrong), read_end(&bytes[..at])), (None, None), "byte {at}");
        }
    }

    #[test]
    fn splits_are_counted_without_gaps() {
        let place = tempfile::tempdir().unwrap();
        let folder = LogFolder::at(place.path());
        assert_eq!(folder.first_count().unwrap(), 0);
        for number in [0, 1, 3] {
            fs::write(folder.split(number), "").unwrap();
        }
        assert_eq!(folder.count(1).unwrap(), 2);
        let message = folder.first_count().unwrap_err().to_string();
        assert!(message.contains("split-00002.log: it is missing, and split 3 is there"), "{message}");
    }
}
