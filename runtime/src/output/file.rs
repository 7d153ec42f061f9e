//! A file that is written, until it gets its name.

use std::fs::{File, Metadata, Permissions};
use std::io::{ErrorKind, Result as IoResult, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, RenameFlags, access, linkat, renameat_with};
use rustix::io::Errno;

use super::temporary::{Temporary, fresh_name, remove};
use crate::spill::open_unnamed;

/// What a new file may be, before the process's mask.
const NEW_MODE: u32 = 0o666;

/// What a file may be before it has the mode of the one that it takes the place of.
const OWN_MODE: u32 = 0o600;

/// A file on its way to `path`. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct PendingFile {
    path: PathBuf,
    file: File,
    /// Its name, where it has one.
    temporary: Option<PathBuf>,
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What cannot be removed cannot be helped: the job's own error is the one to show.
            let _ = remove(temporary, false);
        }
    }
}

impl PendingFile {
    /// A file that will be at `path`, with the mode and, as far as that is allowed, the owner of what it replaces.
    pub(super) fn create(path: &Path, replaced: Option<&Metadata>) -> IoResult<Self> {
        let mode = if replaced.is_some() { OWN_MODE } else { NEW_MODE };
        let pending = match unnamed(path, mode)? {
            Some(file) => PendingFile { path: path.to_owned(), file, temporary: None },
            None => Self::named(path, mode)?,
        };
        if let Some(replaced) = replaced {
            // Who may not give a file away may still give it to a group.
            let (owner, group) = (Some(replaced.uid()), Some(replaced.gid()));
            let _ = fchown(&pending.file, owner, group).or_else(|_| fchown(&pending.file, None, group));
            pending.file.set_permissions(Permissions::from_mode(replaced.mode() & 0o777))?;
        }
        Ok(pending)
    }

    /// Where there are no files without names.
    fn named(path: &Path, mode: u32) -> IoResult<Self> {
        let make = |name: &Path| File::options().read(true).write(true).create_new(true).mode(mode).open(name);
        let Temporary { path: temporary, held } = Temporary::make(path, make)?;
        Ok(PendingFile { path: path.to_owned(), file: held, temporary: Some(temporary) })
    }

    /// What is written to it.
    pub(super) fn writer(&self) -> IoResult<File> {
        self.file.try_clone()
    }

    /// Gives the file its name; whatever else has it loses it.
    pub(super) fn replace(mut self) -> IoResult<()> {
        let temporary = self.name()?;
        std::fs::rename(temporary, &self.path)?;
        self.temporary = None;
        Ok(())
    }

    /// Gives the file its name, unless something has it.
    pub(super) fn replace_nothing(&mut self) -> IoResult<()> {
        let temporary = self.name()?;
        rename_to_nothing(&temporary, &self.path)?;
        self.temporary = None;
        Ok(())
    }

    /// The temporary name, which a file without one is given.
    fn name(&mut self) -> IoResult<PathBuf> {
        if let Some(temporary) = &self.temporary {
            return Ok(temporary.clone());
        }
        let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        loop {
            let name = fresh_name(&self.path);
            match linkat(CWD, &*own, CWD, &name, AtFlags::SYMLINK_FOLLOW) {
                Ok(()) => return Ok(self.temporary.insert(name).clone()),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Adds what was written to the file that has the name, behind `head` bytes that it has already; where nothing has it, or an empty file, it is as
    /// [`PendingFile::replace_nothing`]. `separator` comes between, where what is there does not end with it.
    pub(super) fn append(mut self, head: u64, separator: Option<u8>) -> IoResult<()> {
        match self.replace_nothing() {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            other => return other,
        }
        let mut there = File::options().read(true).append(true).open(&self.path)?;
        // Another job that appends waits, so that its records stay together.
        let _ = there.lock();
        let before = there.metadata()?.len();
        let added = self.add_to(&mut there, before, head, separator);
        if added.is_err() {
            // A part of the records is worse than none.
            let _ = there.set_len(before);
        }
        added
    }

    fn add_to(&mut self, there: &mut File, before: u64, head: u64, separator: Option<u8>) -> IoResult<()> {
        if before > 0
            && let Some(separator) = separator
            && last_byte(there, before)? != separator
        {
            std::io::Write::write_all(there, &[separator])?;
        }
        self.file.seek(SeekFrom::Start(if before > 0 { head } else { 0 }))?;
        std::io::copy(&mut self.file, there).map(|_| ())
    }
}

fn last_byte(file: &File, length: u64) -> IoResult<u8> {
    let mut byte = [0];
    std::os::unix::fs::FileExt::read_exact_at(file, &mut byte, length - 1)?;
    Ok(byte[0])
}

/// A file without a name in the folder of `path`, which holds a lock for the time when it has one; nothing where there are no such files.
fn unnamed(path: &Path, mode: u32) -> IoResult<Option<File>> {
    let Some(file) = open_unnamed(path.parent().unwrap_or(Path::new("/")), mode)? else { return Ok(None) };
    // By this path it gets its name.
    if access(format!("/proc/self/fd/{}", file.as_raw_fd()), Access::EXISTS).is_err() {
        return Ok(None);
    }
    let _ = file.lock();
    Ok(Some(file))
}

/// Renames, unless something has the name.
pub(super) fn rename_to_nothing(from: &Path, to: &Path) -> IoResult<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can do that in one step.
        Err(Errno::INVAL | Errno::NOSYS) if from.is_dir() => std::fs::rename(from, to),
        Err(Errno::INVAL | Errno::NOSYS) => std::fs::hard_link(from, to).and_then(|()| std::fs::remove_file(from)),
        other => Ok(other?),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::output::temporary::remove_abandoned;

    type Create = fn(&Path) -> PendingFile;

    /// With a name, and without.
    const WAYS: [Create; 2] =
        [|path| PendingFile::named(path, NEW_MODE).unwrap(), |path| PendingFile::create(path, None).unwrap()];

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn written(create: Create, path: &Path, text: &str) -> PendingFile {
        let pending = create(path);
        pending.writer().unwrap().write_all(text.as_bytes()).unwrap();
        pending
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_is_gone_when_it_is_dropped() {
        for create in WAYS {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out");
            drop(written(create, &path, "lost"));
            assert_eq!(names(folder.path()), [""; 0]);
            written(create, &path, "one\n").replace().unwrap();
            written(create, &path, "two\n").replace().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
            let refused = written(create, &path, "three\n").replace_nothing().unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
            written(create, &path, "head\nfour\n").append(5, Some(b'\n')).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\nfour\n");
            assert_eq!(names(folder.path()), ["out"]);
        }
    }

    #[test]
    fn who_looks_for_what_was_left_leaves_what_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut pending = written(WAYS[0], &path, "held");
        remove_abandoned(folder.path(), [&*path]);
        assert_eq!(names(folder.path()).len(), 1);
        // A file that has just got its temporary name is held, too.
        let mut unnamed = written(WAYS[1], &path, "held");
        unnamed.name().unwrap();
        remove_abandoned(folder.path(), [&*path]);
        assert!(pending.name().unwrap().exists() && unnamed.name().unwrap().exists());
        // Whoever made them is gone.
        let left = [pending.temporary.take().unwrap(), unnamed.temporary.take().unwrap()];
        drop((pending, unnamed));
        assert!(left.iter().all(|left| left.exists()));
        remove_abandoned(folder.path(), [&*path]);
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
