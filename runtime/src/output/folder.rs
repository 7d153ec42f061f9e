//! A folder of files that are written, until it gets its name.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Result as IoResult, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::file::rename_to_nothing;
use super::temporary::{Temporary, fresh_name, remove};

/// A folder on its way to `path`. Dropped, it is gone.
#[derive(Debug)]
pub struct PendingFolder {
    path: PathBuf,
    temporary: Temporary,
    /// Whether files may be added. A job that fails does not wait for those that are written by other threads.
    is_open: RwLock<bool>,
}

impl Drop for PendingFolder {
    fn drop(&mut self) {
        self.discard();
    }
}

impl PendingFolder {
    pub(super) fn create(path: &Path) -> IoResult<Self> {
        let make = |name: &Path| {
            fs::DirBuilder::new().mode(0o777).create(name)?;
            // Where it is gone again, somebody took it for left.
            File::open(name).map_err(|error| match error.kind() {
                ErrorKind::NotFound => ErrorKind::AlreadyExists.into(),
                _ => error,
            })
        };
        let temporary = Temporary::make(path, make)?;
        Ok(PendingFolder { path: path.to_owned(), temporary, is_open: RwLock::new(true) })
    }

    /// A new file in it.
    pub(super) fn file(&self, name: &str) -> IoResult<File> {
        File::create(self.temporary.path.join(name))
    }

    /// Adds bytes to a file in it, which is made with its folders where it is not there.
    ///
    /// # Errors
    /// The system's.
    pub fn append(&self, file: &Path, bytes: &[u8]) -> IoResult<()> {
        let is_open = self.is_open.read().unwrap_or_else(PoisonError::into_inner);
        // The job has failed meanwhile.
        if !*is_open {
            return Ok(());
        }
        let file = self.temporary.path.join(file);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().create(true).append(true).open(file)?.write_all(bytes)
    }

    fn close(&self) -> bool {
        std::mem::replace(&mut *self.is_open.write().unwrap_or_else(PoisonError::into_inner), false)
    }

    /// Removes it.
    pub(super) fn discard(&self) {
        if self.close() {
            // What cannot be removed cannot be helped: the job's own error is the one to show.
            let _ = remove(&self.temporary.path, true);
        }
    }

    /// Gives it its name, if nothing has it but an empty folder, whose mode and owner it takes over.
    pub(super) fn replace_nothing(&self) -> IoResult<()> {
        self.be_as_what_is_replaced()?;
        self.ended(fs::rename(&self.temporary.path, &self.path))
    }

    /// Gives it its name, and removes the folder that has it.
    pub(super) fn replace(&self) -> IoResult<()> {
        self.be_as_what_is_replaced()?;
        let (new, path) = (&self.temporary.path, &self.path);
        let replaced = match renameat_with(CWD, new, CWD, path, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(Some(new.clone())),
            Err(Errno::NOENT) => fs::rename(new, path).map(|()| None),
            // Not every file system can do that in one step.
            Err(Errno::INVAL | Errno::NOSYS) => {
                let old = fresh_name(path);
                let renamed = fs::rename(path, &old).and_then(|()| fs::rename(new, path));
                if renamed.is_err() {
                    let _ = fs::rename(&old, path);
                }
                renamed.map(|()| Some(old))
            }
            Err(error) => Err(error.into()),
        };
        let old = self.ended(replaced)?;
        // The new one is in its place. What is left of the old one bears a temporary name, so that the next run removes it.
        let _ = old.map(|old| remove(&old, true));
        Ok(())
    }

    /// Adds its files to those of the folder that has the name, under names that are free there.
    pub(super) fn merge(&self) -> IoResult<()> {
        match fs::rename(&self.temporary.path, &self.path) {
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {}
            other => return self.ended(other),
        }
        let mut moved = Vec::new();
        let merged = move_files(&self.temporary.path, &self.path, &mut moved);
        if merged.is_err() {
            // A part of the records is worse than none.
            moved.iter().for_each(|file| remove(file, false).unwrap_or_default());
        }
        self.discard();
        merged
    }

    /// It is no longer there under its temporary name, where that went well.
    fn ended<T>(&self, result: IoResult<T>) -> IoResult<T> {
        match result {
            Ok(_) => self.close(),
            Err(_) => return result.inspect_err(|_| self.discard()),
        };
        result
    }

    fn be_as_what_is_replaced(&self) -> IoResult<()> {
        let Ok(replaced) = self.path.metadata() else { return Ok(()) };
        let (path, owner, group) = (&self.temporary.path, Some(replaced.uid()), Some(replaced.gid()));
        let _ = chown(path, owner, group).or_else(|_| chown(path, None, group));
        fs::set_permissions(path, Permissions::from_mode(replaced.mode() & 0o7777))
    }
}

fn move_files(from: &Path, to: &Path, moved: &mut Vec<PathBuf>) -> IoResult<()> {
    for entry in from.read_dir()? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            move_files(&source, &target, moved)?;
        } else {
            moved.push(move_file(&source, &target)?);
        }
    }
    Ok(())
}

/// Moves a file to a name, or to the first that is free of `part-00000-1.csv`, `part-00000-2.csv`, …
fn move_file(from: &Path, to: &Path) -> IoResult<PathBuf> {
    let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (stem, end) = name.split_once('.').unwrap_or((&name, ""));
    let mut target = to.to_owned();
    for number in 1.. {
        match rename_to_nothing(from, &target) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            other => return other.map(|()| target),
        }
        target = to.with_file_name(format!("{stem}-{number}.{end}"));
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// What in a folder is not what a job writes: neither a file nor a folder of a field's value.
pub(super) fn strange(folder: &Path) -> Option<PathBuf> {
    let is_strange = |entry: &fs::DirEntry| {
        let ty = entry.file_type();
        !ty.is_ok_and(|ty| ty.is_file() || (ty.is_dir() && entry.file_name().to_string_lossy().contains('=')))
    };
    folder.read_dir().ok()?.flatten().find(is_strange).map(|entry| entry.path())
}
