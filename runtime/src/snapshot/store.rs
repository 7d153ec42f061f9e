//! The folder of a job's snapshots, in a [`Storage`](crate::storage::Storage).
//!
//! ```text
//!   <folder>/epoch-0000000007/2-groups-0.state   state `groups` of operator 2 in task 0
//!                             2-groups-1.state
//!                             manifest.json      written last
//! ```
//! Every object is durable before the manifest is written. So a manifest never names a file that a
//! power failure could lose.
//!
//! # Stamps
//! A state file begins with a stamp of its epoch and its name. So the file of another epoch, state
//! or task is an error, even if it is undamaged.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result, UrlUse, refused_url};
use crate::snapshot::Manifest;
use crate::snapshot::manifest::DAMAGE_ADVICE;
use crate::storage::{
    self, FolderLock, Kind, Location, PutMode, PutOptions, REPLACED, StoredObject, create_folders, sync_folders_above,
};

const DURABLE: PutOptions = PutOptions { mode: PutMode::Replace, is_durable: true };

const MANIFEST: &str = "manifest.json";

/// Magic number and version of a stamp.
const STAMP_MAGIC: [u8; 8] = *b"dfss\x01\0\0\0";

/// Bytes of a stamp: magic number, epoch, checksum.
const STAMP_BYTES: usize = 24;

/// The stamp of a file of a snapshot. The checksum includes the name.
fn stamp(epoch: u64, name: &str) -> [u8; STAMP_BYTES] {
    let mut stamp = [0; STAMP_BYTES];
    stamp[..8].copy_from_slice(&STAMP_MAGIC);
    stamp[8..16].copy_from_slice(&epoch.to_le_bytes());
    let checksum = xxh3_64(&[&stamp[..16], name.as_bytes()].concat());
    stamp[16..].copy_from_slice(&checksum.to_le_bytes());
    stamp
}

/// The number of complete snapshots that are kept: the last one, and the one before for readers
/// that have it open.
const KEPT_SNAPSHOTS: usize = 2;

/// The snapshots of one job. Clones share the folder and its lock.
#[derive(Clone)]
pub struct Store {
    root: Location,
    /// The lock of the folder. `None` after [`Store::release`].
    lock: Arc<Mutex<Option<Arc<FolderLock>>>>,
}

impl Store {
    /// Locks a folder for this job, until it is released or all clones are dropped. Creates the
    /// folder if it does not exist.
    ///
    /// # Errors
    /// Fails if the folder cannot be created, or another job has locked it.
    pub fn folder(root: impl Into<Location>) -> Result<Self> {
        let root = root.into();
        let (path, shown) = (root.path(), root.path().display());
        let info = root.info().map_err(Error::io("open", path))?;
        if info.is_some_and(|info| info.kind == Kind::File) {
            return Err(Error::Plan(format!(
                "snapshots lie in a folder, and {shown} is a file: give a folder, as in `--snapshots data/snapshots`, or another name"
            )));
        }
        if let Some(reason) = refused_url(path, UrlUse::Keep).filter(|_| info.is_none()) {
            return Err(Error::Plan(format!("cannot keep snapshots in {shown}: {reason}")));
        }
        let made = root.file_system().and_then(|files| {
            create_folders(files, path)?;
            sync_folders_above(files, path)
        });
        made.map_err(Error::io("create", path))?;
        let Some(lock) = FolderLock::take(&root).map_err(Error::io("open", path))? else {
            return Err(Error::Plan(format!(
                "another job has its snapshots in {shown} at this moment; let that end, or choose another folder"
            )));
        };
        Ok(Store { lock: Arc::new(Mutex::new(Some(Arc::new(lock)))), root })
    }

    /// Releases the lock. A writer holds it until it is finished or dropped.
    pub(crate) fn release(&self) {
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns the lock of the folder. Called before each change in the folder.
    ///
    /// # Errors
    /// Fails if another folder is at the path now.
    fn checked_lock(&self) -> Result<Option<Arc<FolderLock>>> {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match lock.as_ref().is_none_or(|lock| lock.is_in_place()) {
            true => Ok(lock),
            false => Err(Error::Plan(format!("the snapshots in {}: {REPLACED}", self.root.path().display()))),
        }
    }

    /// Returns the manifest of the newest complete snapshot. `None` if there is no complete one.
    ///
    /// # Errors
    /// Fails if the manifest cannot be read, or is damaged.
    pub fn newest(&self) -> Result<Option<Manifest>> {
        let mut epochs = self.epochs()?;
        while let Some(epoch) = epochs.pop() {
            let object = self.object(epoch, MANIFEST);
            if let Some(text) = object.read().map_err(Error::io("read", object.path()))? {
                let of = self.path(epoch, MANIFEST);
                let damaged = |message| Error::Data { path: of.clone(), place: String::new(), message };
                let manifest = Manifest::from_json(&String::from_utf8_lossy(&text)).map_err(damaged)?;
                return match manifest.epoch == epoch {
                    true => Ok(Some(manifest)),
                    false => {
                        Err(damaged(format!("it is the manifest of snapshot {}; {DAMAGE_ADVICE}", manifest.epoch)))
                    }
                };
            }
        }
        Ok(None)
    }

    /// The epochs that have a folder, complete or not, in ascending order.
    fn epochs(&self) -> Result<Vec<u64>> {
        let listed = self.root.list().map_err(Error::io("list", self.root.path()))?;
        let epoch = |entry: &storage::Listed| entry.name.to_str()?.strip_prefix("epoch-")?.parse().ok();
        let mut epochs: Vec<u64> = listed.iter().filter_map(epoch).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    /// Removes all newer epochs: files of snapshots that were not completed.
    ///
    /// # Errors
    /// Fails if a file cannot be removed.
    pub(crate) fn remove_after(&self, epoch: u64) -> Result<()> {
        self.remove(|&other| other > epoch)
    }

    /// Removes old snapshots, after this epoch is complete.
    ///
    /// # Errors
    /// Fails if a file cannot be removed.
    pub(crate) fn remove_outdated(&self, epoch: u64) -> Result<()> {
        self.remove(|&other| other + (KEPT_SNAPSHOTS as u64) <= epoch)
    }

    fn remove(&self, leaves: impl Fn(&u64) -> bool) -> Result<()> {
        for epoch in self.epochs()?.into_iter().filter(leaves) {
            self.checked_lock()?;
            // The manifest goes first: without it the rest is not taken for a snapshot.
            let (manifest, folder) = (self.object(epoch, MANIFEST), self.root.join(epoch_folder(epoch)));
            for (removed, location) in [(manifest.delete(), &manifest), (folder.delete_folder(), &folder)] {
                match removed {
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    removed => removed.map_err(Error::io("remove", location.path()))?,
                }
            }
        }
        Ok(())
    }

    /// Writes the manifest of a snapshot, atomically and durably. All other files must be durable.
    ///
    /// # Errors
    /// Fails if it cannot be written.
    pub(crate) fn complete(&self, manifest: &Manifest) -> Result<()> {
        let mut writer = self.create(manifest.epoch, MANIFEST)?;
        writer.append(manifest.to_json().as_bytes())?;
        writer.finish().map(|_| ())
    }

    /// Creates a state file, with its stamp.
    ///
    /// # Errors
    /// Fails if it cannot be created.
    pub(crate) fn writer(&self, epoch: u64, name: &str) -> Result<ObjectWriter> {
        let mut writer = self.create(epoch, name)?;
        writer.append(&stamp(epoch, name))?;
        Ok(writer)
    }

    fn create(&self, epoch: u64, name: &str) -> Result<ObjectWriter> {
        let (lock, location) = (self.checked_lock()?, self.object(epoch, name));
        let writer = location.create(DURABLE).map_err(Error::io("create", location.path()))?;
        Ok(ObjectWriter { writer, path: self.path(epoch, name), bytes: 0, store: self.clone(), _lock: lock })
    }

    /// Returns a reader after the stamp of a state file. Opens nothing.
    pub(crate) fn reader(&self, epoch: u64, name: &str) -> ObjectReader {
        ObjectReader { location: self.object(epoch, name), stamp: stamp(epoch, name), object: None, at: 0 }
    }

    /// The path of a file, for messages.
    pub(crate) fn path(&self, epoch: u64, name: &str) -> PathBuf {
        self.object(epoch, name).path().to_owned()
    }

    fn object(&self, epoch: u64, name: &str) -> Location {
        self.root.join(epoch_folder(epoch)).join(name)
    }
}

/// A file of a snapshot that is being written.
pub(crate) struct ObjectWriter {
    writer: Box<dyn storage::ObjectWriter>,
    path: PathBuf,
    bytes: u64,
    store: Store,
    /// Keeps other jobs out of the folder until the file is complete.
    _lock: Option<Arc<FolderLock>>,
}

impl ObjectWriter {
    /// Appends bytes. May block.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        self.writer.write(bytes).map_err(Error::io("write", &self.path))
    }

    /// Makes the file durable and visible under its name. Returns its length in bytes.
    pub(crate) fn finish(self) -> Result<u64> {
        self.store.checked_lock()?;
        self.writer.finish().map_err(Error::io("write", &self.path))?;
        Ok(self.bytes)
    }
}

/// A sequential reader of a state file.
pub(crate) struct ObjectReader {
    location: Location,
    /// The stamp that the file must have.
    stamp: [u8; STAMP_BYTES],
    /// The open file and its length, from the first read on.
    object: Option<(Arc<dyn StoredObject>, u64)>,
    at: u64,
}

impl ObjectReader {
    /// Reads the next `bytes` bytes after the stamp, or fewer at the end. May block.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or has another stamp.
    pub(crate) fn read(&mut self, bytes: usize) -> Result<Vec<u8>> {
        if self.at == 0 {
            self.check_stamp()?;
        }
        self.read_next(bytes)
    }

    /// A file that ends within its stamp passes: the next read finds its end.
    fn check_stamp(&mut self) -> Result<()> {
        let found = self.read_next(STAMP_BYTES)?;
        if found.len() < STAMP_BYTES || found == self.stamp {
            return Ok(());
        }
        Err(Error::Data {
            path: self.location.path().to_owned(),
            place: ", byte 0".to_owned(),
            message: "the stamp is not that of this epoch and file name: it is the file of another epoch, \
                      state or task, or of another version, or it is damaged"
                .to_owned(),
        })
    }

    fn read_next(&mut self, bytes: usize) -> Result<Vec<u8>> {
        let path = self.location.path();
        let (object, end) = match &self.object {
            Some(opened) => opened,
            None => {
                let opened = self.location.open().and_then(|object| object.info().map(|info| (object, info.bytes)));
                self.object.insert(opened.map_err(Error::io("read", path))?)
            }
        };
        let mut buffer = vec![0; bytes.min(usize::try_from(end - self.at).unwrap_or(usize::MAX))];
        storage::read_exact_at(&**object, &mut buffer, self.at).map_err(Error::io("read", path))?;
        self.at += buffer.len() as u64;
        Ok(buffer)
    }
}

fn epoch_folder(epoch: u64) -> String {
    format!("epoch-{epoch:010}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::Path;

    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            root.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn snapshots_exist_with_their_manifest_and_two_are_kept() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::folder(root.path().join("snapshots")).unwrap();
        let root = root.path().join("snapshots");
        assert_eq!(store.newest().unwrap(), None);
        for epoch in 1..=4 {
            let mut writer = store.writer(epoch, "0-0.state").unwrap();
            writer.append(&[7; 5]).unwrap();
            writer.append(&[8; 3]).unwrap();
            assert_eq!(writer.finish().unwrap(), 8 + STAMP_BYTES as u64);
            // Without a manifest, its files are not a snapshot.
            assert_eq!(store.newest().unwrap().map_or(0, |manifest| manifest.epoch), epoch - 1);
            store.complete(&Manifest { epoch, ..Manifest::default() }).unwrap();
            store.remove_outdated(epoch).unwrap();
            assert_eq!(store.newest().unwrap().unwrap().epoch, epoch);
        }
        assert_eq!(names(&root), ["epoch-0000000003", "epoch-0000000004"]);
        let mut reader = store.reader(4, "0-0.state");
        assert_eq!(reader.read(6).unwrap(), [7, 7, 7, 7, 7, 8]);
        assert_eq!(reader.read(6).unwrap(), [8, 8]);
        assert_eq!(reader.read(6).unwrap(), [0; 0]);
        for (epoch, other) in [(4, "0-1.state"), (3, "0-0.state")] {
            std::fs::copy(root.join("epoch-0000000004/0-0.state"), store.path(epoch, other)).unwrap();
            let message = store.reader(epoch, other).read(6).unwrap_err().to_string();
            assert!(message.contains("the file of another epoch, state or task"), "{message}");
        }
        // A snapshot that was begun after the last one, and not completed.
        store.writer(5, "0-0.state").unwrap().finish().unwrap();
        store.remove_after(4).unwrap();
        assert_eq!(names(&root), ["epoch-0000000003", "epoch-0000000004"]);
        std::fs::write(root.join("epoch-0000000004/manifest.json"), "{}").unwrap();
        let error = store.newest().unwrap_err().to_string();
        assert!(error.contains("epoch-0000000004/manifest.json: the manifest has version null"), "{error}");
    }
}
