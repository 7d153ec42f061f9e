//! A folder for a test's files.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// A folder that is removed when this is dropped.
pub struct Folder(TempDir);

impl Default for Folder {
    fn default() -> Self {
        Folder(TempDir::new().unwrap())
    }
}

impl Folder {
    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of something in it, as pipelines take it.
    #[must_use]
    pub fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.path().display())
    }

    /// Writes a file, and gives its path.
    #[must_use]
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path().join(name), content).unwrap();
        self.join(name)
    }

    /// The names of all that is in it, hidden files too.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
