//! The files that a process spills to, as the system sees them: they have no names, so only who holds them open shows them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Bytes of each file without a name that a process (`self`, or its number) holds open in a folder.
#[must_use]
pub fn spilled_files(process: &str, folder: &Path) -> Vec<u64> {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let in_folder = |path: &PathBuf| fs::read_link(path).is_ok_and(|to| to.starts_with(folder));
    // A file may be closed while this looks at it.
    open.flatten()
        .map(|entry| entry.path())
        .filter(in_folder)
        .filter_map(|path| Some(fs::metadata(path).ok()?.len()))
        .collect()
}

/// Waits until something holds, and fails where it does not within a minute.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        sleep(Duration::from_millis(1));
    }
}

/// What a closure asks while its job runs: whether this process has spilled to folders.
#[derive(Clone, Debug)]
pub struct SpillWatch {
    folders: Arc<[PathBuf]>,
    used: Arc<Mutex<Vec<bool>>>,
    asked: Arc<AtomicU64>,
}

impl SpillWatch {
    /// A watch over these folders.
    #[must_use]
    pub fn over(folders: &[PathBuf]) -> Self {
        let used = Arc::new(Mutex::new(vec![false; folders.len()]));
        SpillWatch { folders: folders.into(), used, asked: Arc::default() }
    }

    /// Looks now and then whether there is something in the folders; whether there was in one of them, this time.
    #[must_use]
    pub fn sees_some(&self) -> bool {
        const EVERY: u64 = 500;
        if !self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(EVERY) {
            return false;
        }
        let sees = |folder: &PathBuf| spilled_files("self", folder).iter().any(|&bytes| bytes > 0);
        let seen: Vec<bool> = self.folders.iter().map(sees).collect();
        self.used.lock().unwrap().iter_mut().zip(&seen).for_each(|(used, &seen)| *used |= seen);
        seen.contains(&true)
    }

    /// By folder: whether it was ever seen with something in it.
    #[must_use]
    pub fn used(&self) -> Vec<bool> {
        self.used.lock().unwrap().clone()
    }
}
