//! The file system of this machine.

mod file;
mod put;
mod resolve;
mod standard_input;
mod unnamed;

use std::fs::{self, File, FileType, Metadata, Permissions};
use std::io::{Error as IoError, ErrorKind, Result, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Access, CWD, Mode, OFlags, RenameFlags, access, fcntl_getfl, fcntl_setfl, open, renameat_with};
use rustix::io::Errno;

use super::{
    FileHandle, FileMode, FileSystem, Kind, Listed, ObjectInfo, ObjectWriter, PutOptions, RenameMode, Resolved,
    Storage, StoredObject, Unresolved,
};
use file::LocalFile;
use put::LocalWriter;

pub(crate) use file::read_cached;
pub use standard_input::{STANDARD_INPUT, is_standard_input, keep_standard_input, standard_input};
pub(crate) use unnamed::{PREFIX as UNNAMED_PREFIX, names_process, unnamed};

/// The file system of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Local;

impl Kind {
    pub(super) fn of(ty: FileType) -> Self {
        match () {
            () if ty.is_dir() => Kind::Folder,
            () if ty.is_symlink() => Kind::Link,
            () if ty.is_char_device() => Kind::CharacterDevice,
            () if ty.is_block_device() => Kind::BlockDevice,
            () if ty.is_fifo() => Kind::Fifo,
            () if ty.is_socket() => Kind::Socket,
            () => Kind::File,
        }
    }
}

impl ObjectInfo {
    fn of(metadata: &Metadata) -> Self {
        let version = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        ObjectInfo { kind: Kind::of(metadata.file_type()), bytes: metadata.len(), version }
    }
}

impl Storage for Local {
    fn list(&self, folder: &Path) -> Result<Vec<Listed>> {
        let listed = |entry: Result<fs::DirEntry>| {
            let entry = entry?;
            Ok(Listed { name: entry.file_name(), kind: Kind::of(entry.file_type()?) })
        };
        fs::read_dir(folder)?.map(listed).collect()
    }

    fn info(&self, path: &Path) -> Result<Option<ObjectInfo>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(ObjectInfo::of(&metadata))),
            Err(error) if error.kind() == ErrorKind::NotFound => match fs::symlink_metadata(path) {
                Ok(_) => Err(IoError::other("the link leads to no file; remove it, or restore the file")),
                Err(_) => Ok(None),
            },
            Err(error) => Err(error),
        }
    }

    fn resolve(&self, path: &Path) -> std::result::Result<Resolved, Unresolved> {
        resolve::resolve(path)
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn StoredObject>> {
        // A pipe is opened whether or not a process writes to it.
        let flags = OFlags::NONBLOCK.bits() as i32;
        Ok(Arc::new(LocalFile(File::options().read(true).custom_flags(flags).open(path)?)))
    }

    fn create(&self, path: &Path, options: PutOptions) -> Result<Box<dyn ObjectWriter>> {
        Ok(Box::new(LocalWriter::create(path, options)?))
    }

    fn delete(&self, path: &Path) -> Result<()> {
        fs::remove_file(path)
    }

    fn delete_folder(&self, path: &Path) -> Result<()> {
        fs::remove_dir_all(path)
    }

    fn as_file_system(&self) -> Option<&dyn FileSystem> {
        Some(self)
    }
}

impl FileSystem for Local {
    fn open_file(&self, path: &Path, mode: FileMode) -> Result<Arc<dyn FileHandle>> {
        let mut options = File::options();
        match mode {
            FileMode::Read => options.read(true),
            FileMode::Write => options.read(true).write(true).create(true).truncate(false),
            FileMode::CreateNew => options.read(true).write(true).create_new(true),
        };
        Ok(Arc::new(LocalFile(options.open(path)?)))
    }

    fn create_folder(&self, path: &Path) -> Result<()> {
        fs::DirBuilder::new().mode(0o777).create(path)
    }

    fn rename(&self, from: &Path, to: &Path, mode: RenameMode) -> Result<()> {
        let flags = match mode {
            RenameMode::Replace => return fs::rename(from, to),
            RenameMode::IfAbsent => RenameFlags::NOREPLACE,
            RenameMode::Exchange => RenameFlags::EXCHANGE,
        };
        match (renameat_with(CWD, from, CWD, to, flags), mode) {
            // Not every file system has these calls.
            (Err(Errno::INVAL | Errno::NOSYS), RenameMode::Exchange) => Err(ErrorKind::Unsupported.into()),
            (Err(Errno::INVAL | Errno::NOSYS), _) if from.is_dir() => fs::rename(from, to),
            (Err(Errno::INVAL | Errno::NOSYS), _) => fs::hard_link(from, to).and_then(|()| fs::remove_file(from)),
            (renamed, _) => Ok(renamed?),
        }
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        File::open(path)?.sync_all()
    }

    fn copy_permissions(&self, from: &Path, to: &Path) -> Result<()> {
        let from = from.metadata()?;
        let (owner, group) = (Some(from.uid()), Some(from.gid()));
        // A user who must not give a folder away may still give it to a group.
        let _ = chown(to, owner, group).or_else(|_| chown(to, None, group));
        fs::set_permissions(to, Permissions::from_mode(from.mode() & 0o7777))
    }

    fn is_writable(&self, path: &Path) -> bool {
        access(path, Access::WRITE_OK).is_ok()
    }

    fn open_stream(&self, path: &Path, kind: Kind) -> Result<Box<dyn Write + Send>> {
        let mut options = File::options();
        let options = if kind == Kind::OpenFile { options.append(true) } else { options.write(true) };
        Ok(Box::new(options.open(path)?))
    }

    fn open_pipe(&self, path: &Path) -> Result<Option<Box<dyn Write + Send + Sync>>> {
        let file = match open(path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NXIO) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Writes wait for room.
        fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
        Ok(Some(Box::new(file)))
    }
}
