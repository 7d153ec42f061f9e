//! Standard input as an object: the path `-`.
//!
//! A pipe has no length and cannot be read twice. But formats read the beginning of a file before
//! the job runs, or its end (Parquet). They divide it into splits, and count lines for messages. So
//! the content of a pipe is first written to a file without a name, in the spill folder. A file
//! that the shell has opened (`< orders.csv`) is read directly.
//!
//! # Limits
//! The disk must hold all of the input, and no job starts before the input has ended.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::LocalFile;
use super::unnamed::unnamed;
use crate::error::{Error, Result};
use crate::storage::StoredObject;

/// The name of standard input in messages.
pub const STANDARD_INPUT: &str = "standard input";

/// Returns `true` if a path is standard input.
pub fn is_standard_input(path: &str) -> bool {
    matches!(path, "-" | "/dev/stdin")
}

/// Writes standard input to a file in the first of these folders, if `path` is standard input and
/// it is not a file already. Without a folder it uses the system's folder for temporary files. The
/// first call of the process reads the input to its end.
///
/// # Errors
/// Fails if the input cannot be read, or the file cannot be written.
pub fn keep_standard_input(path: &str, folders: &[PathBuf]) -> Result<()> {
    if is_standard_input(path) { standard_input(folders.first().map(PathBuf::as_path)).map(|_| ()) } else { Ok(()) }
}

/// The content of standard input.
///
/// # Errors
/// As [`keep_standard_input`].
pub fn standard_input(folder: Option<&Path>) -> Result<Arc<dyn StoredObject>> {
    static KEPT: Mutex<Option<Arc<LocalFile>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(file) = &*kept {
        return Ok(file.clone());
    }
    let input = std::io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let input = input.map_err(Error::io("read", STANDARD_INPUT))?;
    let file = if is_file_from_its_beginning(&input) { input } else { spooled(input, folder)? };
    Ok(kept.insert(Arc::new(LocalFile(file))).clone())
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
