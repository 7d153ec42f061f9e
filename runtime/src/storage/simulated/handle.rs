//! An open file of a simulated disk, and an object that is being written.

use std::fmt;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::disk::{Disk, NodeId};
use super::{Simulated, power_failed};
use crate::storage::{
    FileHandle, FileMode, FileSystem, ObjectInfo, ObjectWriter, PutMode, PutOptions, RenameMode, Storage, StoredObject,
    folder_of,
};

/// An open file or folder.
pub(super) struct SimulatedFile {
    disk: Simulated,
    node: NodeId,
    /// The restart count of the disk when the file was opened.
    start: u64,
    /// The lock that it holds, if any. `true` for a shared lock.
    lock: Mutex<Option<bool>>,
}

impl fmt::Debug for SimulatedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedFile").field("node", &self.node).finish_non_exhaustive()
    }
}

impl SimulatedFile {
    pub(super) fn new(disk: Simulated, node: NodeId) -> Self {
        let start = disk.disk().starts();
        SimulatedFile { disk, node, start, lock: Mutex::new(None) }
    }

    /// Calls the disk. Fails if it was restarted since the file was opened.
    fn on_disk<T>(&self, call: impl FnOnce(&mut Disk, NodeId) -> Result<T>) -> Result<T> {
        let mut disk = self.disk.disk();
        if disk.starts() != self.start {
            return Err(power_failed());
        }
        call(&mut disk, self.node)
    }
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        self.unlock();
    }
}

impl StoredObject for SimulatedFile {
    fn info(&self) -> Result<ObjectInfo> {
        self.on_disk(|disk, node| {
            disk.operation()?;
            Ok(disk.info(node))
        })
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.on_disk(|disk, node| disk.read(node, buffer, offset))
    }
}

impl FileHandle for SimulatedFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.on_disk(|disk, node| disk.write(node, bytes, offset))
    }

    fn set_bytes(&self, bytes: u64) -> Result<()> {
        self.on_disk(|disk, node| disk.set_bytes(node, bytes))
    }

    fn sync(&self) -> Result<()> {
        self.on_disk(Disk::sync)
    }

    fn try_lock(&self, is_shared: bool) -> Result<bool> {
        let is_locked = self.on_disk(|disk, node| disk.try_lock(node, is_shared))?;
        if is_locked {
            *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(is_shared);
        }
        Ok(is_locked)
    }

    fn lock(&self) -> Result<()> {
        self.try_lock(false).map(|_| ())
    }

    fn unlock(&self) {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(is_shared) = lock {
            let _ = self.on_disk(|disk, node| {
                disk.unlock(node, is_shared);
                Ok(())
            });
        }
    }

    fn is_at(&self, path: &Path) -> bool {
        self.on_disk(|disk, node| Ok(disk.find(path) == Some(node))).unwrap_or(false)
    }
}

/// An object under a temporary name.
#[derive(Debug)]
pub(super) struct SimulatedWriter {
    pub(super) disk: Simulated,
    pub(super) path: PathBuf,
    pub(super) temporary: PathBuf,
    pub(super) file: Arc<dyn FileHandle>,
    pub(super) options: PutOptions,
    /// The folders that were created for it.
    pub(super) made: Vec<PathBuf>,
    pub(super) bytes: u64,
}

impl SimulatedWriter {
    fn append(&self, head_bytes: u64, separator: Option<u8>) -> Result<()> {
        let mut added = vec![0; self.bytes as usize];
        self.file.read_at(&mut added, 0)?;
        let present = self.disk.open_file(&self.path, FileMode::Write)?;
        let end = present.info()?.bytes;
        let mut last = [0];
        if end > 0 {
            present.read_at(&mut last, end - 1)?;
            added.drain(..head_bytes as usize);
            added.splice(0..0, separator.filter(|separator| *separator != last[0]));
        }
        present.write_all_at(&added, end)?;
        if self.options.is_durable { present.sync() } else { Ok(()) }
    }
}

impl Drop for SimulatedWriter {
    fn drop(&mut self) {
        let _ = self.disk.delete(&self.temporary);
    }
}

impl ObjectWriter for SimulatedWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, self.bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        if self.options.is_durable {
            self.file.sync()?;
        }
        match self.options.mode {
            PutMode::Replace => self.disk.rename(&self.temporary, &self.path, RenameMode::Replace)?,
            PutMode::IfAbsent => self.disk.rename(&self.temporary, &self.path, RenameMode::IfAbsent)?,
            PutMode::Append { head_bytes, separator } => self.append(head_bytes, separator)?,
        }
        if self.options.is_durable {
            self.disk.sync_folder(folder_of(&self.path))?;
            self.made.iter().try_for_each(|made| self.disk.sync_folder(folder_of(made)))?;
        }
        Ok(())
    }
}
