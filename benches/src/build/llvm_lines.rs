//! Counts the lines of LLVM IR of a binary, which measure the work of a release build.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cargo;
use crate::error::{Error, Result};
use crate::harness::run_to_end;

/// Counts the lines of a release build in one codegen unit.
///
/// # Errors
/// Fails if the build fails or leaves no `.ll` file.
pub(crate) fn count(crate_folder: &Path, binary: &str, limit: Duration) -> Result<usize> {
    let folder = crate_folder.join("target/release/deps");
    for stale in emitted(&folder, binary)? {
        fs::remove_file(&stale).map_err(Error::io("remove", &stale))?;
    }
    let mut command = cargo(crate_folder);
    command.args(["rustc", "--quiet", "--release", "--bin", binary]);
    run_to_end(command.args(["--", "--emit=llvm-ir", "-Ccodegen-units=1"]), limit)?;
    let files = emitted(&folder, binary)?;
    if files.is_empty() {
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "the compiler left no .ll file");
        return Err(Error::io("count the lines emitted in", &folder)(missing));
    }
    files.iter().map(|path| count_lines(path)).sum()
}

/// The `.ll` files of a binary: its name followed by a hash.
fn emitted(folder: &Path, binary: &str) -> Result<Vec<PathBuf>> {
    let prefix = format!("{}-", binary.replace('-', "_"));
    let entries = fs::read_dir(folder).map_err(Error::io("list", folder))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_emitted = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.starts_with(&prefix) && name.ends_with(".ll")
    };
    Ok(paths.filter(is_emitted).collect())
}

fn count_lines(path: &Path) -> Result<usize> {
    let mut lines = BufReader::new(File::open(path).map_err(Error::io("open", path))?).split(b'\n');
    lines.try_fold(0, |count, line| line.map(|_| count + 1)).map_err(Error::io("read", path))
}
