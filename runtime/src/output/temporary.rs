//! Names that outputs have while they are written, beside their own: in the same file system, so a rename is one step, and passed over by whoever
//! reads the folder.
//!
//! `.out.csv.4711-3.tmp` is what the process 4711 writes as its third; what is there holds a lock for as long as somebody writes it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Error as IoError, ErrorKind, Result as IoResult};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::spill::names_process;

/// As many bytes of a name as leave room for the rest, of 255.
const KEPT_NAME_BYTES: usize = 200;

/// Something under a temporary name, held by its lock.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) path: PathBuf,
    /// The lock goes where this does.
    pub(super) held: File,
}

impl Temporary {
    /// Makes something under a free name beside `path`, and opens it, by `make`.
    pub(super) fn make(path: &Path, make: impl Fn(&Path) -> IoResult<File>) -> IoResult<Self> {
        loop {
            let name = fresh_name(path);
            match make(&name) {
                Ok(held) => {
                    // Where locks are not to be had, nobody removes what others may still write.
                    let _ = held.lock();
                    // Who looks for what was left may have been faster than the lock.
                    if is_at(&held, &name) {
                        return Ok(Temporary { path: name, held });
                    }
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether a name still leads to an open file.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (open.dev(), open.ino()) == (there.dev(), there.ino())
}

/// Whether a path leads to an open file or folder.
pub(crate) fn leads_to(path: &Path, file: &File) -> bool {
    let (Ok(there), Ok(open)) = (fs::metadata(path), file.metadata()) else { return false };
    (there.dev(), there.ino()) == (open.dev(), open.ino())
}

/// A name that this process has not given yet.
pub(super) fn fresh_name(path: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!("{}{}-{number}.tmp", prefix(path), std::process::id()))
}

/// What a name begins with.
fn prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", &name[..name.floor_char_boundary(KEPT_NAME_BYTES)])
}

/// Removes what stopped processes left in a folder that wrote to the same names. What cannot be looked at or removed belongs to somebody else.
pub(super) fn remove_abandoned<'p>(folder: &Path, paths: impl IntoIterator<Item = &'p Path>) {
    let Ok(entries) = folder.read_dir() else { return };
    let prefixes: HashSet<String> = paths.into_iter().map(prefix).collect();
    // `.out.csv.4711-3.tmp`, up to the process's number.
    let prefix = |name: &str| {
        let (start, numbers) = name.strip_suffix(".tmp")?.rsplit_once('.')?;
        names_process(numbers).then(|| format!("{start}."))
    };
    let is_temporary = |name: &str| prefix(name).is_some_and(|prefix| prefixes.contains(&prefix));
    for entry in entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_temporary)) {
        let path = entry.path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        // A pipe would have us wait for a writer.
        if !metadata.is_file() && !metadata.is_dir() {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_ok() && is_at(&file, &path) {
            let _ = remove(&path, metadata.is_dir());
        }
    }
}

pub(super) fn remove(path: &Path, is_folder: bool) -> Result<(), IoError> {
    if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
