//! Writes files that appear under their name only when they are complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use dataflow::prelude::*;
use dataflow::{Options, ProgressWhen};

use crate::error::{Error, Result};

/// Creates the file or folder at `path`. `write` receives a temporary path next to it. Does nothing
/// if `path` exists.
///
/// # Errors
/// Returns the error of `write`. Also fails if the folder cannot be created or the rename fails.
pub(super) fn write_once(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))?;
    }
    println!("making {}", path.display());
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let partial = path.with_extension(format!("partial-{}.{extension}", std::process::id()));
    if let Err(error) = write(&partial) {
        // Reports the first error.
        let _ = fs::remove_file(&partial).or_else(|_| fs::remove_dir_all(&partial));
        return Err(error);
    }
    fs::rename(&partial, path).map_err(Error::io("rename the finished file to", path))
}

/// Writes pairs of 64-bit numbers without separators, little-endian.
///
/// # Errors
/// Fails if the file cannot be written.
pub(super) fn write_binary(path: &Path, rows: impl Iterator<Item = [i64; 2]>) -> Result<()> {
    write_rows(
        path,
        rows.map(|[left, right]| {
            ((u128::from(right.cast_unsigned()) << 64) | u128::from(left.cast_unsigned())).to_le_bytes()
        }),
    )
}

/// Writes rows of bytes without separators, and syncs the file.
///
/// # Errors
/// Fails if the file cannot be written.
pub(super) fn write_rows<const BYTES: usize>(path: &Path, mut rows: impl Iterator<Item = [u8; BYTES]>) -> Result<()> {
    let failed = || Error::io("write", path);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).map_err(failed())?);
    rows.try_for_each(|row| out.write_all(&row)).map_err(failed())?;
    out.flush().map_err(failed())?;
    out.get_ref().sync_data().map_err(failed())
}

/// Writes the records of a binary file as Parquet.
///
/// # Errors
/// Fails if it cannot be written.
pub(super) fn parquet_of_binary<T: Record>(path: &Path, binary: &Path) -> Result<()> {
    write_once(path, |partial| {
        let env = Env::new(Options { progress: ProgressWhen::Never, ..Options::default() });
        let rows = env.read_binary::<T>(binary.to_string_lossy()).map_err(Error::of_case)?;
        rows.write_parquet(partial.to_string_lossy());
        env.run().map(|_| ()).map_err(Error::of_case)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_writes_leave_no_file_and_finished_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/pairs.bin");
        let failed = write_once(&path, |partial| {
            fs::write(partial, "half").unwrap();
            Err(Error::Case("no".to_owned()))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 0);
        write_once(&path, |partial| fs::write(partial, "all").map_err(Error::io("write", partial))).unwrap();
        write_once(&path, |_| Err(Error::Case("not again".to_owned()))).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "all");
    }
}
