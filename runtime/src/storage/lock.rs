//! A lock on a folder, which at most one job writes at a time. It is released with the handle, and
//! so with the process.

use std::io::Result;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{FileHandle, FileMode, Location};

/// The maximum time to wait for a folder. A cancelled job may still write to it. A process that was
/// just started holds the handles of its parent until it executes its own program.
const PATIENCE: Duration = Duration::from_secs(2);

/// The error of a job whose folder was replaced.
pub(crate) const REPLACED: &str = "the folder was removed or replaced while this job was running, so another job may write it now; this job writes nothing more: \
     end the other one before a folder is removed, or give each job a folder of its own";

/// A folder with its lock.
#[derive(Debug)]
pub(crate) struct FolderLock {
    folder: Arc<dyn FileHandle>,
    location: Location,
}

impl FolderLock {
    /// Locks a folder. Returns `None` if another job holds the lock for longer than [`PATIENCE`].
    /// On a file system without locks, each job gets one.
    ///
    /// # Errors
    /// Fails if the folder cannot be opened.
    pub(crate) fn take(location: &Location) -> Result<Option<Self>> {
        let started = Instant::now();
        loop {
            let folder = location.file_system()?.open_file(location.path(), FileMode::Read)?;
            let lock = FolderLock { folder, location: location.clone() };
            // The folder may have been replaced between the two calls.
            if lock.folder.try_lock(false).unwrap_or(true) && lock.is_in_place() {
                return Ok(Some(lock));
            }
            if started.elapsed() > PATIENCE {
                return Ok(None);
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// Returns `true` if the path still leads to the locked folder. If not, the lock does not
    /// exclude other jobs.
    pub(crate) fn is_in_place(&self) -> bool {
        self.folder.is_at(self.location.path())
    }
}
