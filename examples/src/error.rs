//! Why a data set could not be made.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// A data set could not be made or found.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file system refused.
    #[error("cannot {action} {}: {source}; check the folder's permissions and free space", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The reason given.
        source: io::Error,
    },
    /// The engine could not write it.
    #[error(transparent)]
    Engine(#[from] dataflow::Error),
    /// The Parquet writer refused.
    #[error("cannot write {} as Parquet: {source}; delete the folder and run again", path.display())]
    Parquet {
        /// The file being written.
        path: PathBuf,
        /// The reason given.
        source: ParquetError,
    },
    /// A plan was requested for a data set that does not exist yet.
    #[error("{} does not exist yet, and `--plan` creates no file; run once without `--plan` to generate it", path.display())]
    Missing {
        /// The file or folder that the plan needs.
        path: PathBuf,
    },
    /// A size or scale outside what can be generated.
    #[error("{name} is {value}, which cannot be generated; choose {expected}")]
    Argument {
        /// The argument's name.
        name: &'static str,
        /// What was given.
        value: String,
        /// What can be generated.
        expected: &'static str,
    },
    /// A thread that generates rows ended early.
    #[error("the thread generating {} ended before its last row; run again, and report it if it persists", path.display())]
    Generator {
        /// The file being written.
        path: PathBuf,
    },
}

/// The message, as a `main` that returns the error prints it.
impl fmt::Debug for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl DataError {
    /// Wraps an I/O error with what was being done to which path; for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Wraps a Parquet error with the file being written; for `map_err`.
    pub(crate) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        let path = path.to_owned();
        move |source| Self::Parquet { path, source }
    }
}
