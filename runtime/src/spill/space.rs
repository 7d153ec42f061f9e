//! Where spilled pages go.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::file::{SpillFile, SpillFolder, remove_abandoned};
use crate::error::Result;

/// The folders that spilled pages are spread over.
#[derive(Debug)]
pub struct SpillSpace {
    folders: Box<[Arc<SpillFolder>]>,
    compresses: bool,
    /// The folder that the next task begins with.
    next: AtomicUsize,
}

/// The files of a [`Spiller`](super::Spiller), or of several: one in each folder.
#[derive(Clone, Debug)]
pub struct SpillFiles(pub(super) Arc<[SpillFile]>);

impl SpillSpace {
    /// Space in these folders; in the system's folder for temporary files where there is none. Files that a process left behind which was
    /// stopped between making them and taking their name away are removed.
    #[must_use]
    pub fn new(folders: &[PathBuf]) -> Arc<Self> {
        Self::with(folders, false)
    }

    /// As [`SpillSpace::new`], for pages that are compressed where that saves a quarter: for disks that are slower than LZ4, which takes about a
    /// second for a GiB, or that are small.
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

    /// Whether pages can be spilled to all of its folders: asked before a job begins, since it may be hours before it spills.
    ///
    /// # Errors
    /// [`Error::NoSpillFolder`](crate::error::Error::NoSpillFolder) for the first that is not there or cannot be written to;
    /// [`Error::Plan`](crate::error::Error::Plan) for a URL.
    pub fn check(&self) -> Result<()> {
        self.folders.iter().try_for_each(|folder| folder.check())
    }

    /// The process's space in the system's folder for temporary files.
    #[must_use]
    pub fn temporary() -> Arc<Self> {
        static SPACE: OnceLock<Arc<SpillSpace>> = OnceLock::new();
        SPACE.get_or_init(|| SpillSpace::new(&[])).clone()
    }

    /// A file in the folder whose turn it is. None is made before it is written to.
    pub(super) fn file(&self) -> SpillFile {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.folders.len();
        SpillFile::new(self.folders[turn].clone(), self.compresses)
    }

    /// A file for each folder, beginning with another one each time. None is made before it is written to.
    #[must_use]
    pub fn files(&self) -> SpillFiles {
        let count = self.folders.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let file = |turn: usize| SpillFile::new(self.folders[(first + turn) % count].clone(), self.compresses);
        SpillFiles((0..count).map(file).collect())
    }
}
