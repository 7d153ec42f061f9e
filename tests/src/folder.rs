//! A temporary folder for a test.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// A folder that is removed on drop.
pub struct Folder(TempDir);

impl Default for Folder {
    fn default() -> Self {
        Folder(TempDir::new().unwrap())
    }
}

impl Folder {
    /// Returns its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of an entry, as text for pipelines.
    #[must_use]
    pub fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.path().display())
    }

    /// Writes a file and returns its path.
    #[must_use]
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path().join(name), content).unwrap();
        self.join(name)
    }

    /// The names of all entries, including hidden files.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
