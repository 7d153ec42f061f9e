//! A lock on a folder that one job writes at a time. It goes with the handle, and so with the process.

use std::fs::{File, TryLockError};
use std::io::Result;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::temporary::leads_to;

/// So long a folder is waited for that another has: a job that was cancelled may have something to write still, and a process that is just started has the handles of its
/// parent until it runs its own program.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a job ends with whose folder is another one.
pub(crate) const REPLACED: &str = "the folder was removed or replaced while this job was running, so another job may write it now; this job writes nothing more: \
     end the other one before a folder is removed, or give each job a folder of its own";

/// A folder with its lock.
#[derive(Debug)]
pub(crate) struct FolderLock {
    folder: File,
    path: PathBuf,
}

impl FolderLock {
    /// Locks a folder, and waits a moment for it. Returns `None` if another job holds the lock. On a file
    /// system without locks every job gets one.
    ///
    /// # Errors
    /// Where the folder cannot be opened.
    pub(crate) fn take(path: &Path) -> Result<Option<Self>> {
        let begun = Instant::now();
        loop {
            let lock = FolderLock { folder: File::open(path)?, path: path.to_owned() };
            match lock.folder.try_lock() {
                Err(TryLockError::WouldBlock) => {}
                // Between the two calls it may have been replaced.
                _ if lock.is_in_place() => return Ok(Some(lock)),
                _ => {}
            }
            if begun.elapsed() > PATIENCE {
                return Ok(None);
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// Whether its path still leads to the locked folder. If not, the lock keeps no other job away.
    pub(crate) fn is_in_place(&self) -> bool {
        leads_to(&self.path, &self.folder)
    }
}
