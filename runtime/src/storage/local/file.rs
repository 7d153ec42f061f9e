//! An open file.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, IoSliceMut, Result};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::io::{Errno, ReadWriteFlags, preadv2};

use crate::storage::{FileHandle, ObjectInfo, StoredObject};

/// An open file, or a folder.
#[derive(Debug)]
pub(super) struct LocalFile(pub(super) File);

impl StoredObject for LocalFile {
    fn info(&self) -> Result<ObjectInfo> {
        Ok(ObjectInfo::of(&self.0.metadata()?))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn read_cached(&self, buffer: &mut [u8], offset: u64) -> Result<bool> {
        read_cached(&self.0, buffer, offset)
    }
}

/// Fills a buffer from the page cache. Returns `false` if it does not hold all bytes.
pub(crate) fn read_cached(file: &File, buffer: &mut [u8], offset: u64) -> Result<bool> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = IoSliceMut::new(&mut buffer[filled..]);
        match preadv2(file, &mut [rest], offset + filled as u64, ReadWriteFlags::NOWAIT) {
            Ok(0) | Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(false),
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

impl FileHandle for LocalFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_bytes(&self, bytes: u64) -> Result<()> {
        self.0.set_len(bytes)
    }

    fn sync(&self) -> Result<()> {
        self.0.sync_data()
    }

    fn try_lock(&self, is_shared: bool) -> Result<bool> {
        let locked = if is_shared { self.0.try_lock_shared() } else { self.0.try_lock() };
        match locked {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock(&self) -> Result<()> {
        self.0.lock()
    }

    fn unlock(&self) {
        // The lock ends with the last handle in any case.
        let _ = self.0.unlock();
    }

    fn is_at(&self, path: &Path) -> bool {
        let (Ok(there), Ok(open)) = (path.metadata(), self.0.metadata()) else { return false };
        (there.dev(), there.ino()) == (open.dev(), open.ino())
    }
}
