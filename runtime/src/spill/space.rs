//! The folders of spill files.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::file::{SpillFile, SpillFolder, remove_abandoned};
use crate::error::Result;

/// The folders that spilled pages are distributed over.
#[derive(Debug)]
pub struct SpillSpace {
    folders: Box<[Arc<SpillFolder>]>,
    compresses: bool,
    /// Number of files so far. It selects the folder of the next file, in turn.
    next: AtomicUsize,
}

/// The files of one or more [`Spiller`](super::Spiller)s: one in each folder.
#[derive(Clone, Debug)]
pub struct SpillFiles(pub(super) Arc<[SpillFile]>);

impl SpillSpace {
    /// Space in `folders`, or in the system's folder for temporary files if there are none.
    /// Removes files of processes that were killed after they created a file and before they
    /// unlinked it.
    #[must_use]
    pub fn new(folders: &[PathBuf]) -> Arc<Self> {
        Self::with(folders, false)
    }

    /// As [`SpillSpace::new`], but pages are compressed with LZ4 if that saves more than a quarter.
    /// For small disks, and for disks that are slower than LZ4, which takes about one second per
    /// GiB.
    #[must_use]
    pub fn compressing(folders: &[PathBuf]) -> Arc<Self> {
        Self::with(folders, true)
    }

    fn with(folders: &[PathBuf], compresses: bool) -> Arc<Self> {
        let folders = if folders.is_empty() { vec![std::env::temp_dir()] } else { folders.to_vec() };
        folders.iter().for_each(|folder| remove_abandoned(folder));
        let folders = folders.into_iter().map(|folder| Arc::new(SpillFolder::new(folder))).collect();
        Arc::new(SpillSpace { folders, compresses, next: AtomicUsize::new(0) })
    }

    /// Checks that files can be created in all folders. Called before a job starts, since it may
    /// run for hours before it spills.
    ///
    /// # Errors
    /// Fails with [`Error::NoSpillFolder`](crate::error::Error::NoSpillFolder) for the first folder
    /// that does not exist or is not writable. Fails with
    /// [`Error::Plan`](crate::error::Error::Plan) for a URL.
    pub fn check(&self) -> Result<()> {
        self.folders.iter().try_for_each(|folder| folder.check())
    }

    /// The space of the process in the system's folder for temporary files.
    #[must_use]
    pub fn temporary() -> Arc<Self> {
        static SPACE: OnceLock<Arc<SpillSpace>> = OnceLock::new();
        SPACE.get_or_init(|| SpillSpace::new(&[])).clone()
    }

    /// A file in the next folder. It is created when it is first written.
    pub(super) fn file(&self) -> SpillFile {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.folders.len();
        SpillFile::new(self.folders[turn].clone(), self.compresses)
    }

    /// A file for each folder. Each call begins with the next folder. A file is created when it is
    /// first written.
    #[must_use]
    pub fn files(&self) -> SpillFiles {
        let count = self.folders.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let file = |turn: usize| SpillFile::new(self.folders[(first + turn) % count].clone(), self.compresses);
        SpillFiles((0..count).map(file).collect())
    }
}
