//! Files without a name: the system frees their space when the process ends, also after a crash.

use std::fs::File;
use std::io::{ErrorKind, Result};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

/// The prefix of the names of files that have a name for a moment.
pub(crate) const PREFIX: &str = "dataflow-spill-";

/// Creates a file without a name in a folder. Only its owner may open it.
pub(crate) fn unnamed(folder: &Path) -> Result<File> {
    open_unnamed(folder, 0o600)?.map_or_else(|| create_and_unlink(folder), Ok)
}

/// Creates a file that never had a name. `None` if the file system has no such files. `mode` are
/// its permissions once it gets a name.
pub(super) fn open_unnamed(folder: &Path, mode: u32) -> Result<Option<File>> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    match open(folder, flags, Mode::from_raw_mode(mode)) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Creates a file and removes its name. A process that is stopped in between leaves the file,
/// unlocked and empty.
fn create_and_unlink(folder: &Path) -> Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{PREFIX}{}-{number}", std::process::id()));
        match File::options().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => {
                file.lock()?;
                std::fs::remove_file(path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns `true` if a part of a name has the form `4711-3`: the number of a process, and a number
/// that the process chose.
pub(crate) fn names_process(part: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    part.split_once('-').is_some_and(|(process, number)| is_number(process) && is_number(number))
}
