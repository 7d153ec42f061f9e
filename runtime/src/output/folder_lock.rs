//! A lock on a folder that one job writes at a time. It goes with the handle, and so with the process.

use std::fs::{File, TryLockError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// So long a folder is waited for that another has: a job that was cancelled may have something to write still, and a process that is just started has the handles of its
/// parent until it runs its own program.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the lock on a folder is this handle's, now or in a moment. Where locks are not to be had, nobody is refused.
pub(crate) fn lock(folder: &File) -> bool {
    let begun = Instant::now();
    while let Err(TryLockError::WouldBlock) = folder.try_lock() {
        if begun.elapsed() > PATIENCE {
            return false;
        }
        sleep(Duration::from_millis(10));
    }
    true
}
