//! Names of outputs that are not complete. They are next to the output, so that a rename is one
//! step. Readers of the folder skip them.
//!
//! `.out.csv.4711-3.tmp` is the third output of process 4711. Its writer holds a lock on it.

use std::collections::HashSet;
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{FileHandle, FileMode, FileSystem, Kind, names_process};

/// The maximum bytes of the output's name in a temporary name. A file name has at most 255 bytes.
const KEPT_NAME_BYTES: usize = 200;

/// A file or folder under a temporary name, with its lock.
#[derive(Debug)]
pub(crate) struct Temporary<H: ?Sized = dyn FileHandle> {
    pub(crate) path: PathBuf,
    /// Holds the lock until it is dropped.
    pub(crate) held: Arc<H>,
}

impl<H: FileHandle + ?Sized> Temporary<H> {
    /// Creates a file or folder under a free name next to `path`, by `make`.
    pub(crate) fn make(path: &Path, make: impl Fn(&Path) -> Result<Arc<H>>) -> Result<Self> {
        loop {
            let name = fresh_name(path);
            match make(&name) {
                Ok(held) => {
                    // On a file system without locks no output counts as abandoned.
                    let _ = held.lock();
                    // Another process may have removed it before it was locked.
                    if held.is_at(&name) {
                        return Ok(Temporary { path: name, held });
                    }
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A name that this process has not returned before.
pub(crate) fn fresh_name(path: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!("{}{}-{number}.tmp", prefix(path), std::process::id()))
}

/// The common prefix of all temporary names of an output.
fn prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", &name[..name.floor_char_boundary(KEPT_NAME_BYTES)])
}

/// Removes files and folders that stopped processes left under temporary names of these outputs.
/// Ignores errors, because they may belong to another user.
pub(crate) fn remove_abandoned<'p>(files: &dyn FileSystem, folder: &Path, paths: impl IntoIterator<Item = &'p Path>) {
    let Ok(listed) = files.list(folder) else { return };
    let prefixes: HashSet<String> = paths.into_iter().map(prefix).collect();
    // `.out.csv.4711-3.tmp` up to the number of the process.
    let prefix = |name: &str| {
        let (start, numbers) = name.strip_suffix(".tmp")?.rsplit_once('.')?;
        names_process(numbers).then(|| format!("{start}."))
    };
    let is_temporary = |name: &str| prefix(name).is_some_and(|prefix| prefixes.contains(&prefix));
    for entry in listed.iter().filter(|entry| entry.name.to_str().is_some_and(is_temporary)) {
        // Opening a pipe would block.
        if !matches!(entry.kind, Kind::File | Kind::Folder) {
            continue;
        }
        let path = folder.join(&entry.name);
        let Ok(file) = files.open_file(&path, FileMode::Read) else { continue };
        if matches!(file.try_lock(false), Ok(true)) && file.is_at(&path) {
            let _ = remove(files, &path, entry.kind);
        }
    }
}

/// Removes a file, or a folder with its content.
pub(crate) fn remove(files: &dyn FileSystem, path: &Path, kind: Kind) -> Result<()> {
    match kind {
        Kind::Folder => files.delete_folder(path),
        _ => files.delete(path),
    }
}
