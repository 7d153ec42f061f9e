//! Where things are: the repository, the data in it, and what a benchmark leaves behind.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use examples::tpch_data;

use crate::error::{Error, Result};

/// The repository this command was started in.
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
    /// Pairs of numbers, back to back.
    pub(crate) fn pairs(&self) -> PathBuf {
        self.tables.join("pairs.bin")
    }
}

impl Workspace {
    /// Looks for the repository from the current folder upwards.
    ///
    /// # Errors
    /// When no folder above holds a workspace with this package.
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

    /// Sources of the peers.
    pub(crate) fn peers(&self) -> PathBuf {
        self.root.join("benches/peers")
    }

    /// Everything a benchmark makes except data: environments, generated crates, results.
    pub(crate) fn output(&self) -> PathBuf {
        self.root.join("target/benches")
    }

    /// Where the input files of a scale are, made or not.
    pub(crate) fn paths(&self, scale: f64) -> Paths {
        let data = self.root.join("data");
        Paths {
            text: self.text(text_bytes(scale)),
            tpch: tpch_data::scale_folder(&data.join("tpch"), scale),
            tables: self.tables(TableSize::of_scale(scale)),
        }
    }

    /// Where the text of a size is, made or not.
    pub(crate) fn text(&self, bytes: u64) -> PathBuf {
        self.root.join("data/text").join(format!("zipf-{bytes}.txt"))
    }

    /// Where generated tables of a size are, made or not.
    pub(crate) fn tables(&self, size: TableSize) -> PathBuf {
        self.root.join("data/tables").join(format!("{}-{}", size.rows, size.ids))
    }

    /// Where the tables of db-benchmark of a number of rows are, made or not.
    pub(crate) fn h2o(&self, rows: u64) -> PathBuf {
        self.root.join("data/h2o").join(rows.to_string())
    }

    /// Where the graphs of a scale are, made or not.
    pub(crate) fn graphs(&self, name: &str) -> PathBuf {
        self.root.join("data/graphs").join(name)
    }

    /// Where so many events are, made or not.
    pub(crate) fn events(&self, events: u64) -> PathBuf {
        self.root.join("data/events").join(events.to_string())
    }

    /// The folder that holds the TPC-H tables of every scale.
    pub(crate) fn tpch(&self) -> PathBuf {
        self.root.join("data/tpch")
    }

    /// The commit checked out, or `unknown`.
    pub(crate) fn commit(&self) -> String {
        let output = Command::new("git").arg("-C").arg(&self.root).args(["rev-parse", "HEAD"]).output();
        match output {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            _ => "unknown".to_owned(),
        }
    }

    /// Where figures and their tables are kept, for the documentation.
    pub(crate) fn figures(&self) -> PathBuf {
        self.root.join("docs/figures")
    }

    /// Where the systems that this process starts put what does not fit into memory.
    pub(crate) fn spill(&self) -> PathBuf {
        self.output().join(own_spill())
    }

    /// Makes [`Workspace::spill`] for as long as the returned value lives. A system that is ended, because it takes too
    /// long or with the whole benchmark, may leave gigabytes, so folders of processes that are no more are removed, too.
    ///
    /// # Errors
    /// When it cannot be made, or what others left cannot be removed.
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

    /// Makes a folder below [`Workspace::output`] and returns it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn make_output(&self, name: &str) -> Result<PathBuf> {
        let folder = self.output().join(name);
        fs::create_dir_all(&folder).map_err(Error::io("create the folder", &folder))?;
        Ok(folder)
    }
}

/// Below [`Workspace::output`], a folder for each process.
const SPILL: &str = "spill";

fn own_spill() -> String {
    format!("{SPILL}/{}", process::id())
}

/// Removes a file, or a folder and all in it.
fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(Error::io("remove", path))
}

/// A folder that is removed, with all in it, when its owner goes away, whether by success, error or panic.
#[derive(Debug)]
pub(crate) struct SpillFolder(PathBuf);

impl Drop for SpillFolder {
    fn drop(&mut self) {
        // The next benchmark removes what is left.
        let _ = remove(&self.0);
    }
}

/// How many rows generated tables have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TableSize {
    /// Pairs, and facts.
    pub(crate) rows: u64,
    /// Rows of the dimension.
    pub(crate) ids: u64,
}

/// Bytes of a row in a binary file, and in every system that does not do worse.
pub(crate) const ROW_BYTES: u64 = 16;

impl TableSize {
    /// At scale 1, there is 1 GiB of pairs, and as much of facts.
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

/// The size of the text at a scale.
pub(crate) fn text_bytes(scale: f64) -> u64 {
    (examples::text_data::DEFAULT_BYTES as f64 * scale) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_spilled_goes_with_the_benchmark_or_at_the_next() {
        let root = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: root.path().to_owned() };
        let spills = workspace.output().join(SPILL);
        // No process has number zero, and the first one always lives.
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
