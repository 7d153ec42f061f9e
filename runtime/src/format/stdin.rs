//! Standard input, as a file: `-`.
//!
//! A pipe has no length, no middle and no second reading. Formats look at the beginning of a file before the job, at its end (Parquet), cut it into
//! splits, look a line up again for a message; and a flow may run twice. So what comes by a pipe is first written to a file without a name, where
//! spilled pages go, and that is read. A file that the shell opened (`< orders.csv`) is read where it lies.
//!
//! # Limits
//! Disk for what comes, and no job before its end: an endless input has none.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::spill::unnamed;

/// What standard input is called in messages.
pub(super) const SHOWN: &str = "standard input";

/// Whether a path means standard input.
pub(super) fn is_standard_input(path: &str) -> bool {
    matches!(path, "-" | "/dev/stdin")
}

/// Has standard input written to a file in the first of these folders (the system's folder for temporary files where there is none), if `path` means
/// standard input and it is not a file already. The process has one, which is read to its end the first time.
///
/// # Errors
/// Where it cannot be read, or kept.
pub fn keep_standard_input(path: &str, folders: &[PathBuf]) -> Result<()> {
    if is_standard_input(path) { standard_input(folders.first().map(PathBuf::as_path)).map(|_| ()) } else { Ok(()) }
}

/// All of standard input.
///
/// # Errors
/// As [`keep_standard_input`].
pub(super) fn standard_input(folder: Option<&Path>) -> Result<Arc<File>> {
    static KEPT: Mutex<Option<Arc<File>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(file) = &*kept {
        return Ok(file.clone());
    }
    let input = std::io::stdin().as_fd().try_clone_to_owned().map(File::from).map_err(Error::io("read", SHOWN))?;
    let file = if is_file_from_its_beginning(&input) { input } else { spooled(input, folder)? };
    Ok(kept.insert(Arc::new(file)).clone())
}

fn is_file_from_its_beginning(mut input: &File) -> bool {
    input.metadata().is_ok_and(|metadata| metadata.is_file()) && input.stream_position().is_ok_and(|at| at == 0)
}

fn spooled(mut input: File, folder: Option<&Path>) -> Result<File> {
    let folder = folder.map_or_else(std::env::temp_dir, Path::to_owned);
    let refused = |source| Error::no_spill_folder(&folder, source);
    let mut file = unnamed(&folder).map_err(refused)?;
    std::io::copy(&mut input, &mut file).map_err(Error::io("keep standard input in", &folder))?;
    file.seek(SeekFrom::Start(0)).map_err(refused)?;
    Ok(file)
}
