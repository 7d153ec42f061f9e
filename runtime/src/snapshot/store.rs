//! Where snapshots lie: a folder, or what else `object_store` knows.
//!
//! ```text
//!   <place>/epoch-0000000007/2-0.state     the state of operator 2 in task 0
//!                            2-1.state
//!                            manifest.json written last
//! ```
//! The store's calls are asynchronous. They are waited for on threads that may block, which are the engine's anyway; of a folder none of them waits for anything
//! but the system.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::snapshot::Manifest;

#[cfg(feature = "snapshots")]
mod objects;
#[cfg(not(feature = "snapshots"))]
mod without;

#[cfg(feature = "snapshots")]
use objects::Objects;
#[cfg(feature = "snapshots")]
pub(crate) use objects::{ObjectReader, ObjectWriter};
#[cfg(not(feature = "snapshots"))]
use without::Objects;
#[cfg(not(feature = "snapshots"))]
pub(crate) use without::{ObjectReader, ObjectWriter};

const MANIFEST: &str = "manifest.json";

/// Snapshots that are kept: the last one, and the one before, in case that somebody reads it right now.
const KEPT: usize = 2;

/// Where the snapshots of one program lie. Cloning copies the handle.
#[derive(Clone)]
pub struct Store {
    objects: Objects,
}

impl Store {
    /// A folder, which is made where it is not there, and is this one's until it is released, or nobody has it any more.
    ///
    /// # Errors
    /// Where that cannot be done, or a job has it that has not ended.
    pub fn folder(place: &Path) -> Result<Self> {
        Ok(Store { objects: Objects::folder(place)? })
    }

    /// Lets the folder go: another job may have it, as soon as what is just written to it is done.
    pub(crate) fn release(&self) {
        self.objects.release();
    }

    /// The newest snapshot that is whole.
    ///
    /// # Errors
    /// Where it cannot be read, or is damaged.
    pub fn newest(&self) -> Result<Option<Manifest>> {
        let mut epochs = self.epochs()?;
        while let Some(epoch) = epochs.pop() {
            if let Some(text) = self.objects.get(&object(epoch, MANIFEST))? {
                let of = self.path(epoch, MANIFEST);
                let damaged = |message| Error::Data { path: of.clone(), place: String::new(), message };
                let manifest = Manifest::from_json(&String::from_utf8_lossy(&text)).map_err(damaged)?;
                return match manifest.epoch == epoch {
                    true => Ok(Some(manifest)),
                    false => Err(damaged(format!("it is the manifest of snapshot {}", manifest.epoch))),
                };
            }
        }
        Ok(None)
    }

    /// The epochs of which there is something, whole or not, in order.
    fn epochs(&self) -> Result<Vec<u64>> {
        let names = self.objects.folders()?;
        let mut epochs: Vec<u64> = names.iter().filter_map(|name| name.strip_prefix("epoch-")?.parse().ok()).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    /// Removes all that is newer than this epoch: parts of snapshots that were never whole.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub(crate) fn remove_after(&self, epoch: u64) -> Result<()> {
        self.remove(|&other| other > epoch)
    }

    /// Removes what nobody needs any more, now that this epoch is whole.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub(crate) fn remove_outdated(&self, epoch: u64) -> Result<()> {
        self.remove(|&other| other + (KEPT as u64) <= epoch)
    }

    fn remove(&self, leaves: impl Fn(&u64) -> bool) -> Result<()> {
        for epoch in self.epochs()?.into_iter().filter(leaves) {
            // Without its manifest it is none.
            self.objects.delete(&object(epoch, MANIFEST))?;
            self.objects.delete_folder(&folder(epoch))?;
        }
        Ok(())
    }

    /// Writes the manifest of a snapshot whose other files are there: in one step, and for good.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub(crate) fn complete(&self, manifest: &Manifest) -> Result<()> {
        self.objects.put(&object(manifest.epoch, MANIFEST), manifest.to_json().into_bytes())
    }

    /// A new file of a snapshot.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(crate) fn writer(&self, epoch: u64, name: &str) -> Result<ObjectWriter> {
        self.objects.writer(&object(epoch, name))
    }

    /// A file of a snapshot, from its beginning.
    pub(crate) fn reader(&self, epoch: u64, name: &str) -> ObjectReader {
        self.objects.reader(&object(epoch, name))
    }

    /// The path of a file, for messages.
    pub(crate) fn path(&self, epoch: u64, name: &str) -> PathBuf {
        self.objects.path(&object(epoch, name))
    }
}

fn folder(epoch: u64) -> String {
    format!("epoch-{epoch:010}")
}

fn object(epoch: u64, name: &str) -> String {
    format!("{}/{name}", folder(epoch))
}

#[cfg(all(test, feature = "snapshots"))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn names(place: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            place.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_snapshot_is_there_with_its_manifest_and_two_are_kept() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::folder(&place.path().join("snapshots")).unwrap();
        let place = place.path().join("snapshots");
        assert_eq!(store.newest().unwrap(), None);
        for epoch in 1..=4 {
            let mut writer = store.writer(epoch, "0-0.state").unwrap();
            writer.append(vec![7; 5]).unwrap();
            writer.append(vec![8; 3]).unwrap();
            assert_eq!(writer.finish().unwrap(), 8);
            // Its files alone are no snapshot.
            assert_eq!(store.newest().unwrap().map_or(0, |manifest| manifest.epoch), epoch - 1);
            store.complete(&Manifest { epoch, ..Manifest::default() }).unwrap();
            store.remove_outdated(epoch).unwrap();
            assert_eq!(store.newest().unwrap().unwrap().epoch, epoch);
        }
        assert_eq!(names(&place), ["epoch-0000000003", "epoch-0000000004"]);
        let mut reader = store.reader(4, "0-0.state");
        assert_eq!(reader.read(6).unwrap(), [7, 7, 7, 7, 7, 8]);
        assert_eq!(reader.read(6).unwrap(), [8, 8]);
        assert_eq!(reader.read(6).unwrap(), [0; 0]);
        // What was begun behind the last.
        store.writer(5, "0-0.state").unwrap().finish().unwrap();
        store.remove_after(4).unwrap();
        assert_eq!(names(&place), ["epoch-0000000003", "epoch-0000000004"]);
        std::fs::write(place.join("epoch-0000000004/manifest.json"), "{}").unwrap();
        let error = store.newest().unwrap_err().to_string();
        assert!(error.contains("epoch-0000000004/manifest.json: the manifest has version null"), "{error}");
    }
}
