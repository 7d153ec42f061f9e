//! A file that has no name until it is complete.
//!
//! A file is written without a name (`O_TMPFILE`). The system frees it when the process ends, also
//! after a crash. It gets a temporary name right before a rename, because no system call replaces a
//! file with one without a name. On file systems without such files it has a temporary name from
//! the beginning.

use std::fs::{File, Metadata, Permissions};
use std::io::{ErrorKind, Result, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, AtFlags, CWD, access, linkat};
use rustix::io::Errno;

use super::unnamed::open_unnamed;
use super::{Local, LocalFile};
use crate::storage::{
    FileSystem, ObjectWriter, PutMode, PutOptions, RenameMode, Temporary, create_folders, folder_of, fresh_name,
    missing_folders,
};

/// The permissions of a new file, before the process's mask.
const NEW_MODE: u32 = 0o666;

/// The permissions of a file before it gets those of the file that it replaces.
const OWN_MODE: u32 = 0o600;

/// A file that is being written.
#[derive(Debug)]
pub(super) struct LocalWriter {
    path: PathBuf,
    file: Arc<LocalFile>,
    options: PutOptions,
    /// Its temporary name, if it has one.
    temporary: Option<PathBuf>,
    /// The folders that were created for this file.
    made: Vec<PathBuf>,
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // The error of the job is reported instead.
            let _ = std::fs::remove_file(temporary);
        }
    }
}

impl LocalWriter {
    /// Creates a file for `path`. It gets the mode and, as far as the system permits, the owner of
    /// the file that it replaces.
    pub(super) fn create(path: &Path, options: PutOptions) -> Result<Self> {
        let replaced = path.metadata().ok().filter(Metadata::is_file);
        let mode = if replaced.is_some() { OWN_MODE } else { NEW_MODE };
        let made = missing_folders(&Local, path);
        if !made.is_empty() {
            create_folders(&Local, folder_of(path))?;
        }
        let mut writer = match unnamed(path, mode)? {
            Some(file) => {
                let file = Arc::new(LocalFile(file));
                LocalWriter { path: path.to_owned(), file, options, temporary: None, made: Vec::new() }
            }
            None => Self::named(path, mode, options)?,
        };
        writer.made = made;
        if let Some(replaced) = replaced {
            // A user who must not give a file away may still give it to a group.
            let (owner, group) = (Some(replaced.uid()), Some(replaced.gid()));
            let _ = fchown(&writer.file.0, owner, group).or_else(|_| fchown(&writer.file.0, None, group));
            writer.file.0.set_permissions(Permissions::from_mode(replaced.mode() & 0o777))?;
        }
        Ok(writer)
    }

    /// Creates a file with a temporary name.
    fn named(path: &Path, mode: u32, options: PutOptions) -> Result<Self> {
        let make = |name: &Path| {
            let file = File::options().read(true).write(true).create_new(true).mode(mode).open(name)?;
            Ok(Arc::new(LocalFile(file)))
        };
        let Temporary { path: temporary, held: file } = Temporary::make(path, make)?;
        let (temporary, made) = (Some(temporary), Vec::new());
        Ok(LocalWriter { path: path.to_owned(), file, options, temporary, made })
    }

    /// The temporary name. Links a file without one to a new name.
    fn name(&mut self) -> Result<PathBuf> {
        if let Some(temporary) = &self.temporary {
            return Ok(temporary.clone());
        }
        let own = format!("/proc/self/fd/{}", self.file.0.as_raw_fd());
        loop {
            let name = fresh_name(&self.path);
            match linkat(CWD, &*own, CWD, &name, AtFlags::SYMLINK_FOLLOW) {
                Ok(()) => return Ok(self.temporary.insert(name).clone()),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn rename(&mut self, mode: RenameMode) -> Result<()> {
        let temporary = self.name()?;
        Local.rename(&temporary, &self.path, mode)?;
        self.temporary = None;
        Ok(())
    }

    /// Appends the file to the one that has the name.
    fn append(&mut self, head_bytes: u64, separator: Option<u8>) -> Result<()> {
        match self.rename(RenameMode::IfAbsent) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            renamed => return renamed,
        }
        let mut present = File::options().read(true).append(true).open(&self.path)?;
        // Jobs that append wait for each other, so the records of a job stay together.
        let _ = present.lock();
        let before = present.metadata()?.len();
        let added = self.append_to(&mut present, before, head_bytes, separator);
        if added.is_err() {
            // No records are better than a part of them.
            let _ = present.set_len(before);
        }
        added
    }

    fn append_to(&self, present: &mut File, before: u64, head_bytes: u64, separator: Option<u8>) -> Result<()> {
        if let Some(separator) = separator.filter(|_| before > 0) {
            let mut last = [0];
            present.read_exact_at(&mut last, before - 1)?;
            if last[0] != separator {
                present.write_all(&[separator])?;
            }
        }
        let mut added = &self.file.0;
        added.seek(SeekFrom::Start(if before > 0 { head_bytes } else { 0 }))?;
        std::io::copy(&mut added, present)?;
        if self.options.is_durable { present.sync_data() } else { Ok(()) }
    }
}

impl ObjectWriter for LocalWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        (&self.file.0).write_all(bytes)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.options.is_durable {
            self.file.0.sync_all()?;
        }
        match self.options.mode {
            PutMode::Replace => self.rename(RenameMode::Replace)?,
            PutMode::IfAbsent => self.rename(RenameMode::IfAbsent)?,
            PutMode::Append { head_bytes, separator } => self.append(head_bytes, separator)?,
        }
        if self.options.is_durable {
            Local.sync_folder(folder_of(&self.path))?;
            // The name of each new folder is in the folder around it.
            self.made.iter().try_for_each(|made| Local.sync_folder(folder_of(made)))?;
        }
        Ok(())
    }
}

/// Opens a file without a name in the folder of `path`, and locks it for the time when it has a
/// name. `None` if there are no such files, or if they cannot be named.
fn unnamed(path: &Path, mode: u32) -> Result<Option<File>> {
    let Some(file) = open_unnamed(folder_of(path), mode)? else { return Ok(None) };
    if access(format!("/proc/self/fd/{}", file.as_raw_fd()), Access::EXISTS).is_err() {
        return Ok(None);
    }
    let _ = file.lock();
    Ok(Some(file))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::storage::remove_abandoned;

    type Create = fn(&Path, PutOptions) -> LocalWriter;

    /// With a temporary name, and without.
    const KINDS: [Create; 2] = [
        |path, options| LocalWriter::named(path, NEW_MODE, options).unwrap(),
        |path, options| LocalWriter::create(path, options).unwrap(),
    ];

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn written(create: Create, path: &Path, mode: PutMode, text: &str) -> Box<LocalWriter> {
        let mut writer = create(path, PutOptions { mode, is_durable: true });
        writer.write(text.as_bytes()).unwrap();
        Box::new(writer)
    }

    #[test]
    fn file_is_named_at_the_end_or_removed() {
        for create in KINDS {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out");
            drop(written(create, &path, PutMode::Replace, "lost"));
            assert_eq!(names(folder.path()), [""; 0]);
            written(create, &path, PutMode::Replace, "one\n").finish().unwrap();
            written(create, &path, PutMode::Replace, "two\n").finish().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
            let refused = written(create, &path, PutMode::IfAbsent, "three\n").finish().unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
            let append = PutMode::Append { head_bytes: 5, separator: Some(b'\n') };
            written(create, &path, append, "head\nfour\n").finish().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\nfour\n");
            assert_eq!(names(folder.path()), ["out"]);
        }
    }

    #[test]
    fn files_of_live_writers_are_not_abandoned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let remove_abandoned = || remove_abandoned(&Local, folder.path(), [&*path]);
        let mut named = written(KINDS[0], &path, PutMode::Replace, "held");
        remove_abandoned();
        assert_eq!(names(folder.path()).len(), 1);
        // A file that has just got its temporary name is held, too.
        let mut unnamed = written(KINDS[1], &path, PutMode::Replace, "held");
        unnamed.name().unwrap();
        remove_abandoned();
        assert!(named.name().unwrap().exists() && unnamed.name().unwrap().exists());
        let left = [named.temporary.take().unwrap(), unnamed.temporary.take().unwrap()];
        drop((named, unnamed));
        assert!(left.iter().all(|left| left.exists()));
        remove_abandoned();
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
