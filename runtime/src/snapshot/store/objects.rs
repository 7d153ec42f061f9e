//! A store, by `object_store`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use object_store::{Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt};
use pollster::block_on;

use crate::error::{Error, Result, UrlUse, refused_url};
use crate::output::{FolderLock, REPLACED};

/// Objects by their names.
#[derive(Clone)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    /// The folder, for messages, and for what processes that were stopped have left in it under other names than those of objects.
    place: PathBuf,
    /// The folder, with a lock, until it is released.
    held: Arc<Mutex<Option<Arc<FolderLock>>>>,
}

/// Takes a folder for one job of one process.
fn hold(place: &Path) -> Result<Arc<FolderLock>> {
    if let Some(lock) = FolderLock::take(place).map_err(Error::io("open", place))? {
        return Ok(Arc::new(lock));
    }
    let place = place.display();
    let message =
        format!("another job has its snapshots in {place} at this moment; let that end, or choose another folder");
    Err(Error::Plan(message))
}

impl Objects {
    pub(super) fn folder(place: &Path) -> Result<Self> {
        if place.is_file() {
            let message = format!(
                "snapshots lie in a folder, and {} is a file: give a folder, as in `--snapshots data/snapshots`, or another name",
                place.display()
            );
            return Err(Error::Plan(message));
        }
        if let Some(reason) = refused_url(place, UrlUse::Keep).filter(|_| !place.exists()) {
            return Err(Error::Plan(format!("cannot keep snapshots in {}: {reason}", place.display())));
        }
        std::fs::create_dir_all(place).map_err(Error::io("create", place))?;
        let held = Arc::new(Mutex::new(Some(hold(place)?)));
        let store = LocalFileSystem::new_with_prefix(place).map_err(failed("open", place))?;
        // A manifest is not to be there before what it names.
        let store = store.with_fsync(true);
        Ok(Objects { store: Arc::new(store), place: place.to_owned(), held })
    }

    /// Its lock, before something is changed in the folder.
    ///
    /// # Errors
    /// If the folder at the path is not the locked one any more.
    fn held(&self) -> Result<Option<Arc<FolderLock>>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match held.as_ref().is_none_or(|held| held.is_in_place()) {
            true => Ok(held),
            false => Err(Error::Plan(format!("the snapshots in {}: {REPLACED}", self.place.display()))),
        }
    }

    /// The path of an object, or of a folder of objects.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.place.join(name)
    }

    /// Lets the folder go. Who writes to it keeps it until that is done.
    pub(super) fn release(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The names of its folders.
    pub(super) fn folders(&self) -> Result<Vec<String>> {
        let listed = block_on(self.store.list_with_delimiter(None)).map_err(failed("list", &self.place))?;
        Ok(listed.common_prefixes.iter().map(Location::to_string).collect())
    }

    /// An object's bytes, if it is there.
    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let read = async { self.store.get(&Location::from(name)).await?.bytes().await };
        match block_on(read) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("read", &self.path(name))(error)),
        }
    }

    /// Writes an object in one step.
    pub(super) fn put(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        self.held()?;
        let put = block_on(self.store.put(&Location::from(name), bytes.into()));
        put.map(|_| ()).map_err(failed("write", &self.path(name)))
    }

    /// Removes an object, if it is there.
    pub(super) fn delete(&self, name: &str) -> Result<()> {
        self.held()?;
        match block_on(self.store.delete(&Location::from(name))) {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("remove", &self.path(name))(error)),
        }
    }

    /// Removes a folder with what is in it.
    pub(super) fn delete_folder(&self, name: &str) -> Result<()> {
        self.held()?;
        match std::fs::remove_dir_all(self.path(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", self.path(name))(error))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn writer(&self, name: &str) -> Result<ObjectWriter> {
        let (path, held) = (self.path(name), self.held()?);
        let upload = block_on(self.store.put_multipart(&Location::from(name))).map_err(failed("create", &path))?;
        Ok(ObjectWriter { upload, path, bytes: 0, of: self.clone(), _held: held })
    }

    pub(super) fn reader(&self, name: &str) -> ObjectReader {
        let (store, location) = (self.store.clone(), Location::from(name));
        ObjectReader { store, location, path: self.path(name), at: 0, end: None }
    }
}

/// An object that is written piece by piece, and is there when it is finished.
pub(crate) struct ObjectWriter {
    upload: Box<dyn MultipartUpload>,
    path: PathBuf,
    bytes: u64,
    of: Objects,
    /// The folder is not another job's meanwhile.
    _held: Option<Arc<FolderLock>>,
}

impl ObjectWriter {
    /// Adds bytes.
    pub(crate) fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.bytes += bytes.len() as u64;
        block_on(self.upload.put_part(bytes.into())).map_err(failed("write", &self.path))
    }

    /// Gives it its name, for good; how long it is.
    pub(crate) fn finish(&mut self) -> Result<u64> {
        self.of.held()?;
        block_on(self.upload.complete()).map_err(failed("write", &self.path))?;
        Ok(self.bytes)
    }
}

/// An object that is read from its beginning to its end.
pub(crate) struct ObjectReader {
    store: Arc<dyn ObjectStore>,
    location: Location,
    path: PathBuf,
    at: u64,
    /// How long it is, once that was asked for.
    end: Option<u64>,
}

impl ObjectReader {
    /// The next bytes: as many as are asked for, or all that are left.
    pub(crate) fn read(&mut self, bytes: usize) -> Result<Vec<u8>> {
        let end = match self.end {
            Some(end) => end,
            None => block_on(self.store.head(&self.location)).map_err(failed("read", &self.path))?.size,
        };
        self.end = Some(end);
        let range = self.at..end.min(self.at + bytes as u64);
        if range.is_empty() {
            return Ok(Vec::new());
        }
        self.at = range.end;
        let read = block_on(self.store.get_range(&self.location, range)).map_err(failed("read", &self.path))?;
        Ok(read.into())
    }
}

fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(StoreError) -> Error + use<'p> {
    move |error| Error::io(action, path)(std::io::Error::other(error))
}
