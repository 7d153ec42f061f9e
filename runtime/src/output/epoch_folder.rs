//! A folder whose files become visible epoch by epoch.
//!
//! `part-00003-0000000007.csv` has the records of task 3 in the snapshot 7. Until the snapshot is
//! complete, the file is in a hidden folder within the output. That is in the same file system, so
//! a commit is a rename. Readers of the output skip hidden folders. A file and the hidden folder
//! are synced before a snapshot lists the file.
//!
//! A process may end at any time. The job that resumes then finds these files of a snapshot:
//!
//! | The process ended | Files | Resumes from an earlier snapshot | Resumes from this snapshot |
//! |---|---|---|---|
//! | before the snapshot was complete | hidden | removes them | cannot happen |
//! | before the end of the commit | hidden and visible | removes them | renames the hidden ones |
//! | after the commit | visible | removes them | keeps them |
//!
//! A job holds a lock (`flock`) on the folder, which the system releases when the process ends. A
//! job that succeeds deletes the hidden folder. A job that fails changes nothing.

use std::collections::HashSet;
use std::io::{ErrorKind, Result as IoResult, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::epochs::{Commit, EpochSink, Transaction};
use super::place::{Entry, Output, cannot_write, decide};
use crate::error::{Error, Result};
use crate::storage::{
    FileMode, FileSystem, FileWriter, FolderLock, Kind, Listed, Location, REPLACED, RenameMode, remove,
    sync_folders_above,
};

/// The folder in the output with files that are not committed.
const HIDDEN: &str = ".dataflow-prepared";

/// A folder that a job writes epoch by epoch.
#[derive(Debug)]
pub struct EpochFolder {
    /// The path as the user wrote it, for messages.
    display_path: PathBuf,
    location: Location,
    hidden: Location,
    /// The extension of its files' names, without the dot.
    extension: String,
    /// The lock on the folder, until the job ends. After that, threads that still write files of a
    /// failed job write nothing.
    lock: RwLock<Option<FolderLock>>,
}

impl EpochFolder {
    /// Creates the folder if it does not exist, and locks it for this job. The job must
    /// [recover](EpochSink::recover) it before its first task writes.
    pub(super) fn open(display_path: &Path, location: Location, extension: String) -> Result<Self> {
        let failed = || Error::io("create", display_path);
        create_durably(&location).map_err(failed())?;
        let Some(lock) = FolderLock::take(&location).map_err(failed())? else {
            return Err(cannot_write(
                display_path,
                "another job writes it at this moment; let that end, or choose another name",
            ));
        };
        let hidden = location.join(HIDDEN);
        Ok(EpochFolder {
            display_path: display_path.to_owned(),
            location,
            hidden,
            extension,
            lock: RwLock::new(Some(lock)),
        })
    }

    /// The file of a task in an epoch. It is created by its first write.
    #[must_use]
    pub fn file(self: &Arc<Self>, task: usize, epoch: u64) -> EpochFile {
        EpochFile { folder: self.clone(), name: self.name(task, epoch), file: None }
    }

    fn name(&self, task: usize, epoch: u64) -> String {
        format!("part-{task:05}-{epoch:010}.{}", self.extension)
    }

    /// The epoch of a file of this output, from its name. `None` for other files.
    fn epoch_of(&self, name: &str) -> Option<u64> {
        let numbers = name.strip_prefix("part-")?.strip_suffix(&self.extension)?.strip_suffix('.')?;
        let (task, epoch) = numbers.split_once('-')?;
        let epoch = epoch.parse().ok()?;
        // A number can be written in several ways, but a file name in one only.
        (self.name(task.parse().ok()?, epoch) == name).then_some(epoch)
    }

    /// All entries of the output except the hidden folder.
    fn visible(&self) -> IoResult<Vec<Listed>> {
        let mut listed = self.location.list()?;
        listed.retain(|entry| entry.name != HIDDEN);
        Ok(listed)
    }

    fn files(&self) -> IoResult<&dyn FileSystem> {
        self.location.file_system()
    }

    /// Fails if the folder at the path is no longer the locked one.
    fn check(&self, lock: Option<&FolderLock>) -> Result<()> {
        if lock.is_none_or(FolderLock::is_in_place) { Ok(()) } else { Err(cannot_write(&self.display_path, REPLACED)) }
    }

    /// Renames a prepared file to its final name. Does nothing if that was done before.
    fn publish(&self, name: &str) -> Result<()> {
        if self.epoch_of(name).is_none() {
            let reason = format!(
                "a snapshot lists the file {name:?}, and files of this output are named like {:?}; go on with the format that the snapshot was taken with",
                self.name(0, 1)
            );
            return Err(cannot_write(&self.display_path, &reason));
        }
        let (from, to) = (self.hidden.join(name), self.location.join(name));
        let renamed = self.files().and_then(|files| files.rename(from.path(), to.path(), RenameMode::Replace));
        match renamed {
            Err(error) if error.kind() == ErrorKind::NotFound && to.is(Kind::File) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let reason = format!(
                    "a snapshot lists the file {name}, which is not there, so its records would be missing; put it back, or begin anew with an empty folder"
                );
                Err(cannot_write(&self.display_path, &reason))
            }
            result => result.map_err(Error::io("rename the finished output to", &self.display_path.join(name))),
        }
    }

    /// Deletes the visible files of epochs after `epoch`, except for those in `kept`.
    fn delete_later_epochs(&self, epoch: u64, kept: &HashSet<&str>) -> IoResult<()> {
        let is_later = |name: &str| !kept.contains(name) && self.epoch_of(name).is_some_and(|of| of > epoch);
        for entry in self.visible()? {
            if entry.kind == Kind::File && entry.name.to_str().is_some_and(is_later) {
                self.location.join(&entry.name).delete()?;
            }
        }
        Ok(())
    }

    /// Deletes all files in the hidden folder.
    fn clear_hidden(&self) -> IoResult<()> {
        for entry in self.hidden.list()? {
            remove(self.files()?, self.hidden.join(&entry.name).path(), entry.kind)?;
        }
        sync_names(&self.hidden)
    }

    /// Ends the job's use of the output, so that another job may write it. Waits for running writes
    /// of other threads. Later writes do nothing.
    pub fn close(&self, success: bool) {
        let mut lock = self.lock.write().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() && success {
            // Files that are left in it are from another program.
            if self.hidden.list().is_ok_and(|listed| listed.is_empty()) {
                let _ = self.hidden.delete_folder();
            }
        }
        *lock = None;
    }
}

impl EpochSink for EpochFolder {
    fn recover(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit> {
        let failed = || Error::io("look through", &self.display_path);
        let is_empty = self.visible().map_err(failed())?.is_empty();
        // Files of the snapshot may be in the folder.
        let entry = if epoch == 0 && !is_empty { Entry::FullFolder } else { Entry::EmptyFolder };
        decide(Output::Folder, entry, None).map_err(|reason| cannot_write(&self.display_path, reason))?;
        create_durably(&self.hidden).map_err(Error::io("create", &self.display_path))?;
        self.commit(epoch, prepared)?;
        let kept = prepared.iter().map(String::as_str).collect();
        let removed = self.delete_later_epochs(epoch, &kept).and_then(|()| self.clear_hidden());
        removed
            .and_then(|()| sync_names(&self.location))
            .map_err(Error::io("remove what is later than the snapshot from", &self.display_path))
            .map(|()| Commit::Done)
    }

    fn commit(&self, _: u64, prepared: &[Transaction]) -> Result<Commit> {
        self.check(self.lock.read().unwrap_or_else(PoisonError::into_inner).as_ref())?;
        prepared.iter().try_for_each(|name| self.publish(name))?;
        if !prepared.is_empty() {
            sync_names(&self.location).map_err(Error::io("sync", &self.display_path))?;
        }
        Ok(Commit::Done)
    }
}

/// A file of one task and one epoch, until it is committed.
pub struct EpochFile {
    folder: Arc<EpochFolder>,
    name: String,
    file: Option<FileWriter>,
}

impl EpochFile {
    /// Its name in the output.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Appends bytes. Does nothing after the job has ended. May block.
    ///
    /// # Errors
    /// Fails with the error of the system.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.write(|file| file.write_all(bytes))
    }

    /// Makes the file and its name in the hidden folder durable. May block.
    ///
    /// # Errors
    /// Fails with the error of the system.
    pub fn seal(&mut self) -> Result<()> {
        let hidden = self.folder.hidden.clone();
        self.write(|file| file.sync().and_then(|()| sync_names(&hidden)))
    }

    fn write(&mut self, work: impl FnOnce(&mut FileWriter) -> IoResult<()>) -> Result<()> {
        let EpochFolder { lock, hidden, display_path, .. } = &*self.folder;
        let lock = lock.read().unwrap_or_else(PoisonError::into_inner);
        if lock.is_none() {
            return Ok(());
        }
        // Messages show the final name of the file.
        let path = display_path.join(&self.name);
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                self.folder.check(lock.as_ref())?;
                let created = hidden
                    .file_system()
                    .and_then(|files| files.open_file(hidden.join(&self.name).path(), FileMode::CreateNew));
                none.insert(FileWriter::new(created.map_err(Error::io("create", &path))?))
            }
        };
        work(file).map_err(Error::io("write", &path))
    }
}

/// Creates a folder, unless it exists, and makes its name durable.
fn create_durably(location: &Location) -> IoResult<()> {
    let files = location.file_system()?;
    match files.create_folder(location.path()) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync_folders_above(files, location.path()),
    }
}

/// Makes the names in a folder durable.
fn sync_names(folder: &Location) -> IoResult<()> {
    folder.file_system()?.sync_folder(folder.path())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
