//! A disk for tests. It loses writes that were not synced, and fails on request.
//!
//! A [`Disk`] keeps two states. Running programs see the live state. The durable state is what a
//! power failure leaves. A sync copies a file, or the names in a folder, from the first to the
//! second. All random choices follow from a seed, so a failed test can be repeated.
//!
//! # Power failure
//! After [`Simulated::fail_power_after`] an operation fails, and all later ones until
//! [`Simulated::restart`]. Then each write that was not synced survives, is lost, or is torn: only
//! a part of its bytes survives. Each change of a name that was not synced survives or is lost. A
//! rename survives as a whole.
//!
//! # Faults
//! [`Simulated::inject`] lets a single call fail: see [`Fault`]. After a failed sync of a file the
//! writes before it are lost, although the live file still has them. A later sync succeeds without
//! them. The names of a folder are journaled: after a failed sync the next one makes them durable.
//!
//! Sources: Pillai and others, *All File Systems Are Not Created Equal*, 2014; Rebello and others,
//! *Can Applications Recover from fsync Failures?*, 2020.

mod disk;
mod handle;
#[cfg(test)]
mod tests;

use std::io::{Error, ErrorKind, Result, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::disk::{Disk, NodeId};
use self::handle::{SimulatedFile, SimulatedWriter};
use super::{
    FileHandle, FileMode, FileSystem, Kind, Listed, ObjectInfo, ObjectWriter, PutOptions, RenameMode, Resolved,
    Storage, StoredObject, Unresolved, create_folders, folder_of, fresh_name, missing_folders,
};

pub use disk::Fault;

/// A simulated disk. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct Simulated(Arc<Mutex<Disk>>);

impl Simulated {
    /// An empty disk.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Simulated(Arc::new(Mutex::new(Disk::new(seed))))
    }

    /// Lets the power fail after this number of further operations.
    pub fn fail_power_after(&self, operations: u64) {
        self.disk().fail_power_after(operations);
    }

    /// Returns `true` if the power has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.disk().has_failed()
    }

    /// Lets one call of this kind fail, after `calls` further calls of its kind.
    pub fn inject(&self, fault: Fault, calls: u64) {
        self.disk().inject(fault, calls);
    }

    /// Restores the power. Open files and their locks are lost.
    pub fn restart(&self) {
        self.disk().restart();
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_node(&self, node: NodeId) -> Arc<SimulatedFile> {
        Arc::new(SimulatedFile::new(self.clone(), node))
    }
}

impl Storage for Simulated {
    fn list(&self, folder: &Path) -> Result<Vec<Listed>> {
        self.disk().list(folder)
    }

    fn info(&self, path: &Path) -> Result<Option<ObjectInfo>> {
        let mut disk = self.disk();
        disk.operation()?;
        Ok(disk.find(path).map(|node| disk.info(node)))
    }

    fn resolve(&self, path: &Path) -> std::result::Result<Resolved, Unresolved> {
        let folder = folder_of(path);
        if !matches!(self.info(folder), Ok(Some(ObjectInfo { kind: Kind::Folder, .. }))) {
            return Err(Unresolved::Folder(folder.to_owned(), ErrorKind::NotFound.into()));
        }
        let kind = self.info(path).map_err(Unresolved::Io)?.map(|info| info.kind);
        let id = self.disk().find(path).map(|node| (0, node as u64));
        Ok(Resolved { path: path.to_owned(), kind, id })
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn StoredObject>> {
        let node = self.disk().open(path, FileMode::Read)?;
        Ok(self.open_node(node))
    }

    fn create(&self, path: &Path, options: PutOptions) -> Result<Box<dyn ObjectWriter>> {
        let made = missing_folders(self, path);
        create_folders(self, folder_of(path))?;
        let temporary = fresh_name(path);
        let file = self.open_file(&temporary, FileMode::CreateNew)?;
        Ok(Box::new(SimulatedWriter {
            disk: self.clone(),
            path: path.to_owned(),
            temporary,
            file,
            options,
            made,
            bytes: 0,
        }))
    }

    fn delete(&self, path: &Path) -> Result<()> {
        self.disk().remove(path)
    }

    fn delete_folder(&self, path: &Path) -> Result<()> {
        for entry in self.list(path)? {
            let inner = path.join(&entry.name);
            if entry.kind == Kind::Folder { self.delete_folder(&inner)? } else { self.delete(&inner)? }
        }
        self.disk().remove(path)
    }

    fn as_file_system(&self) -> Option<&dyn FileSystem> {
        Some(self)
    }
}

impl FileSystem for Simulated {
    fn open_file(&self, path: &Path, mode: FileMode) -> Result<Arc<dyn FileHandle>> {
        let node = self.disk().open(path, mode)?;
        Ok(self.open_node(node))
    }

    fn create_folder(&self, path: &Path) -> Result<()> {
        self.disk().create_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path, mode: RenameMode) -> Result<()> {
        self.disk().rename(from, to, mode)
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        self.disk().sync_folder(path)
    }

    fn copy_permissions(&self, _: &Path, _: &Path) -> Result<()> {
        Ok(())
    }

    fn is_writable(&self, _: &Path) -> bool {
        true
    }

    fn open_stream(&self, _: &Path, _: Kind) -> Result<Box<dyn Write + Send>> {
        Err(ErrorKind::Unsupported.into())
    }

    fn open_pipe(&self, _: &Path) -> Result<Option<Box<dyn Write + Send + Sync>>> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// The error of all operations after a power failure.
fn power_failed() -> Error {
    Error::other("the power has failed")
}
