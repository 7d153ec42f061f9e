//! Resolves the path of an output: links, devices, and open files of the process.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::storage::{Kind, Resolved, Unresolved, folder_of};

/// The number of links that the system follows on one path.
const MAX_LINKS: usize = 40;

pub(super) fn resolve(path: &Path) -> Result<Resolved, Unresolved> {
    let mut at = path.to_owned();
    for _ in 0..MAX_LINKS {
        let folder = folder_of(&at);
        let folder = folder.canonicalize().map_err(|error| Unresolved::Folder(folder.to_owned(), error))?;
        let Some(name) = at.file_name() else {
            let path = at.canonicalize().map_err(Unresolved::Io)?;
            return Ok(Resolved { path, kind: Some(Kind::Folder), id: None });
        };
        if name == "1" && is_descriptors(&folder) {
            return Ok(Resolved { path: at, kind: Some(Kind::StandardOutput), id: None });
        }
        let path = folder.join(name);
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Resolved { path, kind: None, id: None }),
            Err(error) => return Err(Unresolved::Io(error)),
        };
        if !metadata.is_symlink() {
            let id = Some((metadata.dev(), metadata.ino()));
            return Ok(Resolved { path, kind: Some(Kind::of(metadata.file_type())), id });
        }
        if is_descriptors(&folder) {
            // Such a link names an open file, which need not have a path.
            let metadata = fs::metadata(&path).map_err(Unresolved::Io)?;
            let kind = match Kind::of(metadata.file_type()) {
                Kind::File => Kind::OpenFile,
                kind => kind,
            };
            return Ok(Resolved { path, kind: Some(kind), id: Some((metadata.dev(), metadata.ino())) });
        }
        at = folder.join(fs::read_link(&path).map_err(Unresolved::Io)?);
    }
    Err(Unresolved::Links)
}

/// Returns `true` for the target of `/proc/self/fd`: the open files of a process.
fn is_descriptors(folder: &Path) -> bool {
    folder.starts_with("/proc") && folder.file_name().is_some_and(|name| name == "fd")
}
