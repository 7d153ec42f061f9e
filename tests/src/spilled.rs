//! Spill files of a process, as the system shows them. They have no names, so they are found
//! through the process that holds them open.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The size in bytes of each unnamed file that a process (`self`, or its id) holds open in a
/// folder.
#[must_use]
pub fn spilled_files(process: &str, folder: &Path) -> Vec<u64> {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let in_folder = |path: &PathBuf| fs::read_link(path).is_ok_and(|to| to.starts_with(folder));
    // A file may be closed during this scan.
    open.flatten()
        .map(|entry| entry.path())
        .filter(in_folder)
        .filter_map(|path| Some(fs::metadata(path).ok()?.len()))
        .collect()
}

/// Waits until `holds` returns `true`. Fails after one minute.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        sleep(Duration::from_millis(1));
    }
}

/// Lets a closure observe, while its job runs, whether this process has spilled to given folders.
#[derive(Clone, Debug)]
pub struct SpillWatch {
    folders: Arc<[PathBuf]>,
    used: Arc<Mutex<Vec<bool>>>,
    asked: Arc<AtomicU64>,
}

impl SpillWatch {
    /// Creates a watch over these folders.
    #[must_use]
    pub fn over(folders: &[PathBuf]) -> Self {
        let used = Arc::new(Mutex::new(vec![false; folders.len()]));
        SpillWatch { folders: folders.into(), used, asked: Arc::default() }
    }

    /// Samples the folders. Returns `true` if one of them held spilled bytes at this sample.
    #[must_use]
    pub fn has_spilled_bytes(&self) -> bool {
        const EVERY: u64 = 500;
        if !self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(EVERY) {
            return false;
        }
        let sees = |folder: &PathBuf| spilled_files("self", folder).iter().any(|&bytes| bytes > 0);
        let seen: Vec<bool> = self.folders.iter().map(sees).collect();
        self.used.lock().unwrap().iter_mut().zip(&seen).for_each(|(used, &seen)| *used |= seen);
        seen.contains(&true)
    }

    /// For each folder: `true` if spilled bytes were ever observed there.
    #[must_use]
    pub fn used(&self) -> Vec<bool> {
        self.used.lock().unwrap().clone()
    }
}
