//! Paths: the repository, its data, and files that benchmarks create.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use examples::tpch_data;

use crate::error::{Error, Result};

/// The repository in which the command was started.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

/// The input files of one scale.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// The text of the `word_count` suite.
    pub(crate) text: PathBuf,
    /// The folder of TPC-H tables of one scale factor.
    pub(crate) tpch: PathBuf,
    /// The folder of generated tables of one number of rows.
    pub(crate) tables: PathBuf,
}

impl Paths {
    /// The path of the pairs as binary records.
    pub(crate) fn pairs(&self) -> PathBuf {
        self.tables.join("pairs.bin")
    }
}

impl Workspace {
    /// Searches the repository from the current folder upwards.
    ///
    /// # Errors
    /// Fails if no folder above contains a workspace with this package.
    pub(crate) fn find() -> Result<Self> {
        let folder = env::current_dir().map_err(Error::io("read the current folder", Path::new(".")))?;
        let is_root = |folder: &&Path| folder.join("Cargo.toml").exists() && folder.join("benches/peers").exists();
        match folder.ancestors().find(is_root) {
            Some(root) => Ok(Self { root: root.to_owned() }),
            None => Err(Error::NoWorkspace { folder }),
        }
    }

    /// The folder of a member, such as `dataflow`.
    pub(crate) fn member(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The folder of the peers' sources.
    pub(crate) fn peers(&self) -> PathBuf {
        self.root.join("benches/peers")
    }

    /// The folder of all generated files except data: environments, generated crates, results.
    pub(crate) fn output(&self) -> PathBuf {
        self.root.join("target/benches")
    }

    /// The paths of a scale's input files, which may not exist yet.
    pub(crate) fn paths(&self, scale: f64) -> Paths {
        let data = self.root.join("data");
        Paths {
            text: self.text(text_bytes(scale)),
            tpch: tpch_data::scale_folder(&data.join("tpch"), scale),
            tables: self.tables(TableSize::of_scale(scale)),
        }
    }

    /// The path of the text of a size, which may not exist yet.
    pub(crate) fn text(&self, bytes: u64) -> PathBuf {
        self.root.join("data/text").join(format!("zipf-{bytes}.txt"))
    }

    /// The folder of generated tables of a size, which may not exist yet.
    pub(crate) fn tables(&self, size: TableSize) -> PathBuf {
        self.root.join("data/tables").join(format!("{}-{}", size.rows, size.ids))
    }

    /// The folder of db-benchmark's tables with a number of rows, which may not exist yet.
    pub(crate) fn h2o(&self, rows: u64) -> PathBuf {
        self.root.join("data/h2o").join(rows.to_string())
    }

    /// The folder of the graphs of a scale, which may not exist yet.
    pub(crate) fn graphs(&self, name: &str) -> PathBuf {
        self.root.join("data/graphs").join(name)
    }

    /// The folder of this number of events, which may not exist yet.
    pub(crate) fn events(&self, events: u64) -> PathBuf {
        self.root.join("data/events").join(events.to_string())
    }

    /// The folder of the TPC-H tables of all scales.
    pub(crate) fn tpch(&self) -> PathBuf {
        self.root.join("data/tpch")
    }

    /// The commit that is checked out, or `unknown`.
    pub(crate) fn commit(&self) -> String {
        let output = Command::new("git").arg("-C").arg(&self.root).args(["rev-parse", "HEAD"]).output();
        match output {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            _ => "unknown".to_owned(),
        }
    }

    /// The folder of figures and their tables, for the documentation.
    pub(crate) fn figures(&self) -> PathBuf {
        self.root.join("docs/figures")
    }

    /// The folder for spilled data of the systems that this process starts.
    pub(crate) fn spill(&self) -> PathBuf {
        self.output().join(own_spill())
    }

    /// Creates [`Workspace::spill`] for the lifetime of the returned value. A system that is ended
    /// may leave gigabytes there, for example after a time limit. So folders of processes that have
    /// ended are removed, too.
    ///
    /// # Errors
    /// Fails if it cannot be created, or if files of other processes cannot be removed.
    pub(crate) fn make_spill(&self) -> Result<SpillFolder> {
        let spills = self.make_output(SPILL)?;
        for entry in fs::read_dir(&spills).map_err(Error::io("read the folder", &spills))? {
            let entry = entry.map_err(Error::io("read the folder", &spills))?;
            if !Path::new("/proc").join(entry.file_name()).exists() {
                remove(&entry.path())?;
            }
        }
        self.make_output(&own_spill()).map(SpillFolder)
    }

    /// Creates a folder below [`Workspace::output`] and returns it.
    ///
    /// # Errors
    /// Fails if it cannot be created.
    pub(crate) fn make_output(&self, name: &str) -> Result<PathBuf> {
        let folder = self.output().join(name);
        fs::create_dir_all(&folder).map_err(Error::io("create the folder", &folder))?;
        Ok(folder)
    }
}

/// Below [`Workspace::output`]. Contains a folder for each process.
const SPILL: &str = "spill";

fn own_spill() -> String {
    format!("{SPILL}/{}", process::id())
}

/// Removes a file, or a folder with its contents.
fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(Error::io("remove", path))
}

/// A folder that is removed with its contents when its owner is dropped, after success, error or
/// panic.
#[derive(Debug)]
pub(crate) struct SpillFolder(PathBuf);

impl Drop for SpillFolder {
    fn drop(&mut self) {
        // The next benchmark removes the rest.
        let _ = remove(&self.0);
    }
}

/// Number of rows of generated tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TableSize {
    /// Number of pairs, and of facts.
    pub(crate) rows: u64,
    /// Number of rows of the dimension.
    pub(crate) ids: u64,
}

/// Bytes of a row in a binary file, and in every system that stores rows compactly.
pub(crate) const ROW_BYTES: u64 = 16;

impl TableSize {
    /// 1 GiB of pairs, and 1 GiB of facts, at scale 1.
    pub(crate) fn of_scale(scale: f64) -> Self {
        Self::of_rows(((1_u64 << 30) as f64 * scale) as u64 / ROW_BYTES)
    }

    /// An id has four facts on average.
    pub(crate) fn of_rows(rows: u64) -> Self {
        Self { rows, ids: (rows / 4).max(1) }
    }

    /// Bytes of the pairs, or of the facts.
    pub(crate) fn bytes(self) -> u64 {
        self.rows * ROW_BYTES
    }
}

/// The size of the text at a scale, in bytes.
pub(crate) fn text_bytes(scale: f64) -> u64 {
    (examples::text_data::DEFAULT_BYTES as f64 * scale) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spilled_data_is_removed_with_this_or_the_next_benchmark() {
        let root = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: root.path().to_owned() };
        let spills = workspace.output().join(SPILL);
        // No process has the id 0, and the process 1 is always alive.
        for left in ["0/deep", "1/deep", "not-a-process"] {
            fs::create_dir_all(spills.join(left)).unwrap();
        }
        fs::write(spills.join("file"), "left").unwrap();

        let spill = workspace.make_spill().unwrap();
        fs::write(workspace.spill().join("part"), "rows").unwrap();
        let own = process::id().to_string();
        assert_eq!(names(&spills), ["1".to_owned(), own]);
        drop(spill);
        assert_eq!(names(&spills), ["1"]);
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
