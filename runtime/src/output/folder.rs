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

    /// Gives it its name, and removes the folder that has it, unless that holds by now what no job wrote.
    pub(super) fn replace(&self) -> IoResult<()> {
        self.be_as_what_is_replaced()?;
        // The old one has a temporary name for a moment, and stays its owner's until it was looked through: nobody else is to remove it as left.
        let held = File::open(&self.path).ok();
        let _ = held.as_ref().map(File::try_lock);
        let exchange = || Ok(renameat_with(CWD, &self.temporary.path, CWD, &self.path, RenameFlags::EXCHANGE)?);
        let replaced = match exchange() {
            Ok(()) if strange(&self.temporary.path).is_some() => {
                exchange().and(Err(ErrorKind::DirectoryNotEmpty.into()))
            }
            Ok(()) => Ok(Some(self.temporary.path.clone())),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::NOENT) => fs::rename(&self.temporary.path, &self.path).map(|()| None),
                // Not every file system can do that in one step.
                Some(Errno::INVAL | Errno::NOSYS) => self.replace_in_steps().map(Some),
                _ => Err(error),
            },
        };
        let old = self.ended(replaced)?;
        // The new one is in its place. What is left of the old one mostly bears a temporary name, so that the next run removes it.
        let _ = old.map(|old| remove(&old, true));
        Ok(())
    }

    /// Moves what has the name aside, and gives it to the new one; the name of the old one. That is no temporary one: where the process is stopped
    /// in between it is all that there is, and nobody is to remove it.
    fn replace_in_steps(&self) -> IoResult<PathBuf> {
        let old = fresh_name(&self.path).with_extension("old");
        fs::rename(&self.path, &old)?;
        let renamed = match strange(&old) {
            Some(_) => Err(ErrorKind::DirectoryNotEmpty.into()),
            None => fs::rename(&self.temporary.path, &self.path),
        };
        if renamed.is_err() {
            let _ = fs::rename(&old, &self.path);
        }
        renamed.map(|()| old)
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

/// A path in a folder that no job writes: neither a file nor a folder named `field=value`. A folder that
/// cannot be listed is such a path, because it may hold any file.
pub(super) fn strange(folder: &Path) -> Option<PathBuf> {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match folder.read_dir().and_then(Iterator::collect::<IoResult<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(_) => return Some(folder),
        };
        for entry in entries {
            match entry.file_type() {
                Ok(ty) if ty.is_file() => {}
                Ok(ty) if ty.is_dir() && entry.file_name().to_string_lossy().contains('=') => open.push(entry.path()),
                _ => return Some(entry.path()),
            }
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::output::temporary::remove_abandoned;

    fn names(folder: &Path) -> Vec<String> {
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_folder_that_cannot_be_listed_is_strange() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("k=1")).unwrap();
        assert_eq!(strange(folder.path()), None);
        assert_eq!(strange(&folder.path().join("absent")), None);
        let file = folder.path().join("k=1/part-00000.csv");
        fs::write(&file, "").unwrap();
        assert_eq!(strange(&file), Some(file));
    }

    /// As where the file system cannot exchange names.
    #[test]
    fn what_is_replaced_in_steps_is_never_taken_for_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("old"), "old").unwrap();
        let pending = PendingFolder::create(&path).unwrap();
        let old = pending.replace_in_steps().unwrap();
        assert_eq!(names(&path), [""; 0]);
        // The process is stopped before it removes the old one.
        remove_abandoned(folder.path(), [&*path]);
        assert_eq!(fs::read_to_string(old.join("old")).unwrap(), "old");
        fs::remove_dir_all(&old).unwrap();
        // What no job wrote stays where it is.
        fs::create_dir(path.join("photos")).unwrap();
        let pending = PendingFolder::create(&path).unwrap();
        assert_eq!(pending.replace_in_steps().unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
        assert_eq!(names(&path), ["photos"]);
        drop(pending);
        assert_eq!(names(folder.path()), ["out"]);
    }
}
