//! A folder of files that has a temporary name until the job ends.

use std::io::{ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::storage::{
    FileHandle, FileMode, FileSystem, FileWriter, Kind, Location, RenameMode, Temporary, create_folders, fresh_name,
    remove,
};

/// A folder that will be renamed to `location`. It is deleted when this is dropped before that.
#[derive(Debug)]
pub struct PendingFolder {
    location: Location,
    temporary: Temporary,
    /// Files may be written. After a failed job has cleared it, other threads write nothing more.
    is_open: RwLock<bool>,
}

impl Drop for PendingFolder {
    fn drop(&mut self) {
        self.discard();
    }
}

impl PendingFolder {
    pub(super) fn create(location: &Location) -> IoResult<Self> {
        let files = location.file_system()?;
        let make = |name: &Path| {
            files.create_folder(name)?;
            // If it is gone again, another process has removed it as abandoned.
            files.open_file(name, FileMode::Read).map_err(|error| match error.kind() {
                ErrorKind::NotFound => ErrorKind::AlreadyExists.into(),
                _ => error,
            })
        };
        let temporary = Temporary::make(location.path(), make)?;
        Ok(PendingFolder { location: location.clone(), temporary, is_open: RwLock::new(true) })
    }

    fn path(&self) -> &Path {
        self.location.path()
    }

    fn files(&self) -> IoResult<&dyn FileSystem> {
        self.location.file_system()
    }

    /// Creates a file in it.
    pub(super) fn file(&self, name: &str) -> IoResult<FileWriter> {
        let file = self.files()?.open_file(&self.temporary.path.join(name), FileMode::Write)?;
        file.set_bytes(0)?;
        Ok(FileWriter::new(file))
    }

    /// Appends bytes to a file in it. Creates the file and its folders if they do not exist.
    ///
    /// # Errors
    /// Fails with the error of the system.
    pub fn append(&self, file: &Path, bytes: &[u8]) -> IoResult<()> {
        let is_open = self.is_open.read().unwrap_or_else(PoisonError::into_inner);
        // The job has failed in the meantime.
        if !*is_open {
            return Ok(());
        }
        let (files, path) = (self.files()?, self.temporary.path.join(file));
        if let Some(folder) = path.parent() {
            create_folders(files, folder)?;
        }
        let file = files.open_file(&path, FileMode::Write)?;
        file.write_all_at(bytes, file.info()?.bytes)
    }

    fn close(&self) -> bool {
        std::mem::replace(&mut *self.is_open.write().unwrap_or_else(PoisonError::into_inner), false)
    }

    /// Deletes it.
    pub(super) fn discard(&self) {
        if self.close() {
            // The job's error is reported, not this one.
            let _ = self.location.storage().delete_folder(&self.temporary.path);
        }
    }

    /// Renames it to its final name. If an empty folder has this name, takes over its mode and
    /// owner. Fails if anything else has it.
    pub(super) fn rename_if_absent(&self) -> IoResult<()> {
        self.copy_permissions()?;
        self.close_after_rename(self.rename(&self.temporary.path, self.path()))
    }

    fn rename(&self, from: &Path, to: &Path) -> IoResult<()> {
        self.files()?.rename(from, to, RenameMode::Replace)
    }

    /// Renames it to its final name, and deletes the folder that has this name. Fails if that
    /// contains files that no job writes.
    pub(super) fn replace(&self) -> IoResult<()> {
        self.copy_permissions()?;
        let files = self.files()?;
        // The old folder has a temporary name until it is deleted. Its lock prevents that other
        // processes delete it before it is checked.
        let held: Option<Arc<dyn FileHandle>> = files.open_file(self.path(), FileMode::Read).ok();
        let _ = held.as_ref().map(|held| held.try_lock(false));
        let exchange = || files.rename(&self.temporary.path, self.path(), RenameMode::Exchange);
        let replaced = match exchange() {
            Ok(()) if unknown_entry(&self.location.with_path(&self.temporary.path)).is_some() => {
                exchange().and(Err(ErrorKind::DirectoryNotEmpty.into()))
            }
            Ok(()) => Ok(Some(self.temporary.path.clone())),
            Err(error) => match error.kind() {
                ErrorKind::NotFound => self.rename(&self.temporary.path, self.path()).map(|()| None),
                ErrorKind::Unsupported => self.replace_in_steps().map(Some),
                _ => Err(error),
            },
        };
        let old = self.close_after_rename(replaced)?;
        // If that fails, the next run usually finds the old folder by its temporary name, and
        // deletes it.
        let _ = old.map(|old| self.location.storage().delete_folder(&old));
        Ok(())
    }

    /// Renames the existing folder, and then the new one. Returns the other name of the existing
    /// folder. It is not a temporary name: if the process is killed in between, the folder is the
    /// only copy, and no run may delete it.
    fn replace_in_steps(&self) -> IoResult<PathBuf> {
        let old = fresh_name(self.path()).with_extension("old");
        self.rename(self.path(), &old)?;
        let renamed = match unknown_entry(&self.location.with_path(&old)) {
            Some(_) => Err(ErrorKind::DirectoryNotEmpty.into()),
            None => self.rename(&self.temporary.path, self.path()),
        };
        if renamed.is_err() {
            let _ = self.rename(&old, self.path());
        }
        renamed.map(|()| old)
    }

    /// Moves its files to the folder that has the final name. A file gets another name if its own
    /// is taken.
    pub(super) fn merge(&self) -> IoResult<()> {
        match self.rename(&self.temporary.path, self.path()) {
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {}
            other => return self.close_after_rename(other),
        }
        let (files, mut moved) = (self.files()?, Vec::new());
        let merged = move_files(files, &self.temporary.path, self.path(), &mut moved);
        if merged.is_err() {
            // Better no records than a part of them.
            moved.iter().for_each(|file| remove(files, file, Kind::File).unwrap_or_default());
        }
        self.discard();
        merged
    }

    /// Ends it after a rename. Deletes it if the rename failed.
    fn close_after_rename<T>(&self, result: IoResult<T>) -> IoResult<T> {
        match result {
            Ok(_) => self.close(),
            Err(_) => return result.inspect_err(|_| self.discard()),
        };
        result
    }

    fn copy_permissions(&self) -> IoResult<()> {
        match self.location.info() {
            Ok(Some(_)) => self.files()?.copy_permissions(self.path(), &self.temporary.path),
            _ => Ok(()),
        }
    }
}

fn move_files(files: &dyn FileSystem, from: &Path, to: &Path, moved: &mut Vec<PathBuf>) -> IoResult<()> {
    for entry in files.list(from)? {
        let (source, target) = (from.join(&entry.name), to.join(&entry.name));
        if entry.kind == Kind::Folder {
            create_folders(files, &target)?;
            move_files(files, &source, &target, moved)?;
        } else {
            moved.push(move_file(files, &source, &target)?);
        }
    }
    Ok(())
}

/// Moves a file to a name, or to the first free one of `part-00000-1.csv`, `part-00000-2.csv`, …
fn move_file(files: &dyn FileSystem, from: &Path, to: &Path) -> IoResult<PathBuf> {
    let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (stem, end) = name.split_once('.').unwrap_or((&name, ""));
    let mut target = to.to_owned();
    for number in 1.. {
        match files.rename(from, &target, RenameMode::IfAbsent) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            other => return other.map(|()| target),
        }
        target = to.with_file_name(format!("{stem}-{number}.{end}"));
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Returns a path in a folder that no job writes: neither a file nor a folder named `field=value`.
/// A folder that cannot be listed is such a path, since it may contain any file.
pub(super) fn unknown_entry(folder: &Location) -> Option<PathBuf> {
    let mut open = vec![folder.clone()];
    while let Some(folder) = open.pop() {
        let entries = match folder.list() {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(_) => return Some(folder.path().to_owned()),
        };
        for entry in entries {
            match entry.kind {
                Kind::File => {}
                Kind::Folder if entry.name.to_string_lossy().contains('=') => open.push(folder.join(&entry.name)),
                _ => return Some(folder.path().join(&entry.name)),
            }
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs;

    use super::*;
    use crate::storage::{Local, remove_abandoned};

    fn names(folder: &Path) -> Vec<String> {
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn unlistable_folder_is_an_unknown_entry() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("k=1")).unwrap();
        let unknown_entry = |path: &Path| unknown_entry(&Location::from(path));
        assert_eq!(unknown_entry(folder.path()), None);
        assert_eq!(unknown_entry(&folder.path().join("absent")), None);
        let file = folder.path().join("k=1/part-00000.csv");
        fs::write(&file, "").unwrap();
        assert_eq!(unknown_entry(&file), Some(file));
    }

    /// Covers file systems that cannot exchange names.
    #[test]
    fn cleanup_keeps_a_folder_replaced_in_steps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("old"), "old").unwrap();
        let pending = PendingFolder::create(&Location::from(&path)).unwrap();
        let old = pending.replace_in_steps().unwrap();
        assert_eq!(names(&path), [""; 0]);
        // The process is killed before it deletes the old folder.
        remove_abandoned(&Local, folder.path(), [&*path]);
        assert_eq!(fs::read_to_string(old.join("old")).unwrap(), "old");
        fs::remove_dir_all(&old).unwrap();
        // A folder with a file that no job wrote is not replaced.
        fs::create_dir(path.join("photos")).unwrap();
        let pending = PendingFolder::create(&Location::from(&path)).unwrap();
        assert_eq!(pending.replace_in_steps().unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
        assert_eq!(names(&path), ["photos"]);
        drop(pending);
        assert_eq!(names(folder.path()), ["out"]);
    }
}
