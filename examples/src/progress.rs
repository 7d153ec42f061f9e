//! A progress bar on a terminal, a line of text in a pipe, and files that appear only when
//! complete.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use crate::DataError;

/// Creates a bar of `total` steps on standard error. It draws nothing if standard error is not a
/// terminal.
pub(crate) fn bar(label: String, total: u64, unit: &str) -> ProgressBar {
    let bar = ProgressBar::new(total).with_message(label);
    let template = format!("{{msg:24}} {{wide_bar}} {{human_pos}}/{{human_len}} {unit} {{eta}}");
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Fails unless `path` exists.
pub(crate) fn require(path: &Path) -> Result<(), DataError> {
    match path.exists() {
        true => Ok(()),
        false => Err(DataError::Missing { path: path.to_owned() }),
    }
}

/// Writes to a temporary path next to `path` and renames the result, so that an interrupted run
/// leaves no partial file under the final name. Does nothing if `path` exists.
///
/// `content` describes the data and its size, as in `table customer of TPC-H, 150000 rows`. It is
/// printed to standard error if no bar can be drawn.
pub(crate) fn write_once(
    path: &Path,
    content: &str,
    write: impl FnOnce(&Path) -> Result<(), DataError>,
) -> Result<(), DataError> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(DataError::io("create the folder", folder))?;
    }
    if !io::stderr().is_terminal() {
        // The line is optional: generation continues if standard error is closed.
        let _ = writeln!(io::stderr(), "generating {}: {content}", path.display());
    }
    let partial = partial_name(path);
    if let Err(error) = write(&partial) {
        // Reports the first error. The next run overwrites a partial file that remains.
        let _ = fs::remove_file(&partial);
        return Err(error);
    }
    fs::rename(&partial, path).map_err(DataError::io("rename the finished file to", path))
}

/// The process id keeps two concurrent runs from writing to the same file. The last rename wins,
/// with equal bytes.
fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".partial-{}", std::process::id()));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/table");
        let outcome = write_once(&path, "a test", |partial| {
            fs::write(partial, "half").unwrap();
            Err(DataError::Generator { path: partial.to_owned() })
        });
        assert!(outcome.is_err());
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 0);
    }

    #[test]
    fn an_existing_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        write_once(&path, "a test", |partial| fs::write(partial, "first").map_err(DataError::io("write", partial)))
            .unwrap();
        write_once(&path, "a test", |partial| fs::write(partial, "second").map_err(DataError::io("write", partial)))
            .unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    }
}
