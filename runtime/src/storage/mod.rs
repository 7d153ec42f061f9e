//! Files and objects: the layer below formats, outputs, logs and snapshots.
//!
//! A [`Storage`] holds *objects*: bytes under a path. An object is written once, gets its name when
//! it is complete, and is read in ranges. A storage that is a [`FileSystem`] also has files that
//! are written in place, renamed and locked. Logs and folders of epochs need these.
//!
//! ```text
//! sources            Storage::list, open    ─► StoredObject::read_cached, read
//! outputs, snapshots Storage::create        ─► ObjectWriter::write, finish
//! logs, epochs       FileSystem::open_file  ─► FileHandle::write_all_at, sync
//! ```
//!
//! * [`local`](Local): the file system of this machine. No other module but `spill` opens files.
//! * `simulated`: a disk for tests, which loses what was not synced, and fails on purpose.
//! * `blocking`: threads that may block, shared by all jobs of the process.
//! * `location`: a path in a storage.
//! * `read`: reads of several ranges at the same time, without blocking a task.
//! * `lock`: a folder that one job writes at a time.
//! * `temporary`: names of files that are not complete.
//!
//! Errors are those of [`std::io`]. The caller adds the action and the path that the user wrote.

mod blocking;
mod location;
mod lock;
mod local;
mod read;
#[cfg(any(test, feature = "simulated-storage"))]
pub mod simulated;
mod temporary;

use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::page::Buffer;

pub use blocking::Blocking;
pub(crate) use blocking::BlockingThreads;
pub use local::{Local, STANDARD_INPUT, is_standard_input, keep_standard_input, standard_input};
pub(crate) use local::{UNNAMED_PREFIX, names_process, read_cached, unnamed};
pub use location::Location;
pub(crate) use lock::{FolderLock, REPLACED};
pub use read::{PendingRead, ReadDone, ReadRequest};
pub(crate) use temporary::{Temporary, fresh_name, remove, remove_abandoned};

/// The kind of a path's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file or an object.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, which only [`Storage::list`] returns.
    Link,
    /// A terminal, `/dev/null` and the like.
    CharacterDevice,
    /// A disk.
    BlockDevice,
    /// A pipe with a name.
    Fifo,
    /// A socket.
    Socket,
    /// Standard output of this process.
    StandardOutput,
    /// A file that this process has open, by its number.
    OpenFile,
}

/// An object or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its kind.
    pub kind: Kind,
    /// Its length in bytes.
    pub bytes: u64,
    /// Changes when the object is written: the time of its last change, in nanoseconds since 1970.
    pub version: i128,
}

/// An object or a folder in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name in the folder.
    pub name: OsString,
    /// Its kind. Links are not followed.
    pub kind: Kind,
}

/// The target of a path, with all links followed.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The path. Its folder exists.
    pub path: PathBuf,
    /// The kind of the target. `None` if it does not exist.
    pub kind: Option<Kind>,
    /// Identifies the target: device and inode.
    pub id: Option<(u64, u64)>,
}

/// The reason why a path has no target.
#[derive(Debug)]
pub enum Unresolved {
    /// The path contains this folder, which cannot be opened.
    Folder(PathBuf, std::io::Error),
    /// The path has too many links, or they form a cycle.
    Links,
    /// The system returned an error.
    Io(std::io::Error),
}

/// The effect of naming an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutMode {
    /// It replaces the object with that name.
    Replace,
    /// The name must be free, else [`ErrorKind::AlreadyExists`].
    IfAbsent,
    /// Its bytes from `head_bytes` on are appended to the object with that name. If there is none,
    /// or an empty one, the new object gets the name.
    Append {
        /// Bytes at the start of this object that the present object also begins with.
        head_bytes: u64,
        /// A byte that is written between the two, unless the present object ends with it.
        separator: Option<u8>,
    },
}

/// Options of a new object.
#[derive(Clone, Copy, Debug)]
pub struct PutOptions {
    /// The effect of naming it.
    pub mode: PutMode,
    /// Whether [`ObjectWriter::finish`] makes the bytes and the name durable.
    pub is_durable: bool,
}

/// Objects by path. Clones of the handle are the same storage.
pub trait Storage: Debug + Send + Sync {
    /// Lists a folder, without the contents of its folders, in no order.
    fn list(&self, folder: &Path) -> Result<Vec<Listed>>;

    /// The file or folder at a path. Links are followed. `None` if there is none.
    fn info(&self, path: &Path) -> Result<Option<ObjectInfo>>;

    /// Resolves the path of an output.
    fn resolve(&self, path: &Path) -> std::result::Result<Resolved, Unresolved>;

    /// Opens an object for reading.
    fn open(&self, path: &Path) -> Result<Arc<dyn StoredObject>>;

    /// Creates an object. Missing folders of its path are created.
    fn create(&self, path: &Path, options: PutOptions) -> Result<Box<dyn ObjectWriter>>;

    /// Deletes an object.
    fn delete(&self, path: &Path) -> Result<()>;

    /// Deletes a folder with its content. Fails with `NotFound` if there is none.
    fn delete_folder(&self, path: &Path) -> Result<()>;

    /// The storage as a file system. `None` if files cannot be written in place.
    fn as_file_system(&self) -> Option<&dyn FileSystem> {
        None
    }
}

/// An open object. It stays readable if its name is taken by another object.
pub trait StoredObject: Debug + Send + Sync + 'static {
    /// Its current kind, length and version.
    fn info(&self) -> Result<ObjectInfo>;

    /// Reads from `offset` on, and may block. Fills the buffer unless the object ends before.
    /// Returns the number of bytes that were read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize>;

    /// Fills the buffer if that does not block. Returns `false` otherwise.
    fn read_cached(&self, buffer: &mut [u8], offset: u64) -> Result<bool> {
        let _ = (buffer, offset);
        Ok(false)
    }

    /// Starts to fill a buffer. Several reads run at the same time and complete in any order. Each
    /// of them completes `done`. By default a blocking thread runs [`StoredObject::read_at`].
    fn read(self: Arc<Self>, mut buffer: Buffer, offset: u64, done: ReadDone) {
        done.on_blocking_thread(move || {
            let read = self.read_at(buffer.as_mut(), offset);
            (buffer, read)
        });
    }
}

/// Fills a buffer, and may block.
///
/// # Errors
/// [`ErrorKind::UnexpectedEof`] if the object ends before.
pub fn read_exact_at(object: &dyn StoredObject, buffer: &mut [u8], offset: u64) -> Result<()> {
    match object.read_at(buffer, offset)? {
        read if read == buffer.len() => Ok(()),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// An object that has no name yet. If it is dropped, nothing of it remains.
///
/// Bytes are borrowed, since a local file keeps none of them. A storage that sends parts copies
/// them into a part.
pub trait ObjectWriter: Debug + Send {
    /// Adds bytes, and may block.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Gives the object its name. May block. If it fails, nothing of the object remains.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// The mode in which a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileMode {
    /// A file or a folder, for reading.
    Read,
    /// For reading and writing. A missing file is created.
    Write,
    /// As [`FileMode::Write`], but the file must not exist.
    CreateNew,
}

/// The effect of renaming a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameMode {
    /// It replaces a file, or an empty folder, with that name.
    Replace,
    /// The name must be free, else [`ErrorKind::AlreadyExists`].
    IfAbsent,
    /// Both swap their names. [`ErrorKind::Unsupported`] on file systems that cannot do this.
    Exchange,
}

/// Files that are written in place.
pub trait FileSystem: Storage {
    /// Opens a file.
    fn open_file(&self, path: &Path, mode: FileMode) -> Result<Arc<dyn FileHandle>>;

    /// Creates a folder.
    fn create_folder(&self, path: &Path) -> Result<()>;

    /// Renames a file or folder.
    fn rename(&self, from: &Path, to: &Path, mode: RenameMode) -> Result<()>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &Path) -> Result<()>;

    /// Gives a folder the mode of another folder and, as far as the system permits, its owner.
    fn copy_permissions(&self, from: &Path, to: &Path) -> Result<()>;

    /// Returns `false` if this user must not write to a file.
    fn is_writable(&self, path: &Path) -> bool;

    /// Opens a device, or an open file that is appended to.
    fn open_stream(&self, path: &Path, kind: Kind) -> Result<Box<dyn Write + Send>>;

    /// Opens a pipe for writing. `None` if no process reads it now.
    fn open_pipe(&self, path: &Path) -> Result<Option<Box<dyn Write + Send + Sync>>>;
}

/// Creates a folder and those above it, unless they exist.
pub fn create_folders(files: &dyn FileSystem, path: &Path) -> Result<()> {
    match files.create_folder(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Err(error) };
            create_folders(files, parent)?;
            create_folders(files, path)
        }
        Err(_) if matches!(files.info(path), Ok(Some(ObjectInfo { kind: Kind::Folder, .. }))) => Ok(()),
        result => result,
    }
}

/// Makes the names of the folders on a path durable, because a program may have created them
/// without that. Skips folders that this user cannot open.
pub fn sync_folders_above(files: &dyn FileSystem, path: &Path) -> Result<()> {
    let mut at = path;
    loop {
        let folder = folder_of(at);
        match files.sync_folder(folder) {
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput) => {}
            synced => synced?,
        }
        if folder == at || folder == Path::new(".") {
            return Ok(());
        }
        at = folder;
    }
}

/// The folders on a path that do not exist, the innermost one first.
fn missing_folders(files: &dyn FileSystem, path: &Path) -> Vec<PathBuf> {
    let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    folders.take_while(|folder| matches!(files.info(folder), Ok(None))).map(Path::to_owned).collect()
}

/// The folder that holds a path.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// An open file. All calls may block.
pub trait FileHandle: StoredObject {
    /// Writes all bytes at an offset.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<()>;

    /// Truncates the file, or extends it with zeros.
    fn set_bytes(&self, bytes: u64) -> Result<()>;

    /// Makes the content and the length durable. After an error the bytes that were not durable are
    /// lost. They must be written again: another sync is not enough.
    fn sync(&self) -> Result<()>;

    /// Locks the file until the handle is dropped. Returns `false` if another handle has the lock.
    /// Shared locks exclude only exclusive ones.
    fn try_lock(&self, is_shared: bool) -> Result<bool>;

    /// Waits for the exclusive lock.
    fn lock(&self) -> Result<()>;

    /// Releases the lock.
    fn unlock(&self);

    /// Returns `true` if the path leads to this file. Links are followed.
    fn is_at(&self, path: &Path) -> bool;
}

/// Writes a file sequentially.
pub(crate) struct FileWriter {
    file: Arc<dyn FileHandle>,
    at: u64,
}

impl FileWriter {
    /// Writes from the beginning of the file.
    pub(crate) fn new(file: Arc<dyn FileHandle>) -> Self {
        FileWriter { file, at: 0 }
    }

    /// As [`FileHandle::sync`].
    pub(crate) fn sync(&self) -> Result<()> {
        self.file.sync()
    }
}

impl Write for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
