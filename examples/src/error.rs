//! Errors of generating data sets.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// A data set could not be generated or found.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file operation failed.
    #[error("cannot {action} {}: {source}; check the folder's permissions and free space", path.display())]
    Io {
        /// The operation, as a verb.
        action: &'static str,
        /// Its file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The engine could not write the data set.
    #[error(transparent)]
    Engine(#[from] dataflow::Error),
    /// The Parquet writer failed.
    #[error("cannot write {} as Parquet: {source}; delete the folder and run again", path.display())]
    Parquet {
        /// The file that it writes.
        path: PathBuf,
        /// The cause.
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
        /// The name of the argument.
        name: &'static str,
        /// Its value.
        value: String,
        /// The accepted values.
        expected: &'static str,
    },
    /// A thread that generates rows ended early.
    #[error("the thread generating {} ended before its last row; run again, and report it if it persists", path.display())]
    Generator {
        /// The file that it writes.
        path: PathBuf,
    },
}

/// Prints the message, because a `main` that returns the error prints its `Debug` form.
impl fmt::Debug for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl DataError {
    /// Returns a function for `map_err` that adds the operation and its path to an I/O error.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Returns a function for `map_err` that adds the written file to a Parquet error.
    pub(crate) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        let path = path.to_owned();
        move |source| Self::Parquet { path, source }
    }
}
