//! A path in a storage.

use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::{FileSystem, Kind, Listed, Local, ObjectInfo, ObjectWriter, PutOptions, Storage, StoredObject};

/// A path in a storage. A plain path is in the [local](Local) file system.
#[derive(Clone, Debug)]
pub struct Location {
    storage: Arc<dyn Storage>,
    path: Arc<PathBuf>,
}

impl<P: AsRef<Path> + ?Sized> From<&P> for Location {
    fn from(path: &P) -> Self {
        Location::local(path.as_ref())
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Location::local(path)
    }
}

impl Location {
    /// A path in a storage.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, path: impl Into<PathBuf>) -> Self {
        Location { storage, path: Arc::new(path.into()) }
    }

    /// A path in the file system of this machine.
    #[must_use]
    pub fn local(path: impl Into<PathBuf>) -> Self {
        static LOCAL: LazyLock<Arc<dyn Storage>> = LazyLock::new(|| Arc::new(Local));
        Location::new(LOCAL.clone(), path)
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path, as a shared value.
    #[must_use]
    pub fn shared_path(&self) -> &Arc<PathBuf> {
        &self.path
    }

    /// The storage.
    #[must_use]
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Another path of the same storage.
    #[must_use]
    pub fn with_path(&self, path: impl Into<PathBuf>) -> Self {
        Location::new(self.storage.clone(), path)
    }

    /// A path below this one.
    #[must_use]
    pub fn join(&self, path: impl AsRef<Path>) -> Self {
        self.with_path(self.path.join(path))
    }

    /// The storage as a file system.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if the storage is not a file system.
    pub fn file_system(&self) -> Result<&dyn FileSystem> {
        self.storage.as_file_system().ok_or_else(|| ErrorKind::Unsupported.into())
    }

    /// As [`Storage::list`].
    ///
    /// # Errors
    /// Fails if the storage fails.
    pub fn list(&self) -> Result<Vec<Listed>> {
        self.storage.list(&self.path)
    }

    /// As [`Storage::info`].
    ///
    /// # Errors
    /// Fails if the storage fails.
    pub fn info(&self) -> Result<Option<ObjectInfo>> {
        self.storage.info(&self.path)
    }

    /// Returns `true` if a file or folder of this kind is at the path.
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        matches!(self.info(), Ok(Some(info)) if info.kind == kind)
    }

    /// As [`Storage::open`].
    ///
    /// # Errors
    /// Fails if the storage fails.
    pub fn open(&self) -> Result<Arc<dyn StoredObject>> {
        self.storage.open(&self.path)
    }

    /// All bytes of an object. `None` if there is none.
    ///
    /// # Errors
    /// Fails if the storage fails.
    pub fn read(&self) -> Result<Option<Vec<u8>>> {
        let object = match self.open() {
            Ok(object) => object,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = vec![0; usize::try_from(object.info()?.bytes).unwrap_or(usize::MAX)];
        let read = object.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }

    /// As [`Storage::create`].
    ///
    /// # Errors
    /// Fails if the storage fails.
    pub fn create(&self, options: PutOptions) -> Result<Box<dyn ObjectWriter>> {
        self.storage.create(&self.path, options)
    }

    /// As [`Storage::delete`].
    ///
    /// # Errors
    /// Fails if the storage fails.
    pub fn delete(&self) -> Result<()> {
        self.storage.delete(&self.path)
    }

    /// As [`Storage::delete_folder`].
    ///
    /// # Errors
    /// Fails if the storage fails.
    pub fn delete_folder(&self) -> Result<()> {
        self.storage.delete_folder(&self.path)
    }
}
