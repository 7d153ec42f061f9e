//! Errors about the files of a log.

use std::path::Path;

use runtime::error::Error;

/// Returns an error about a file as a whole.
pub(super) fn damaged(path: &Path, message: impl Into<String>) -> Error {
    Error::Data { path: path.to_owned(), place: String::new(), message: message.into() }
}

/// Returns an error about a byte of a file.
pub(super) fn damaged_at(path: &Path, byte: u64, message: impl Into<String>) -> Error {
    Error::Data { path: path.to_owned(), place: format!(", byte {byte}"), message: message.into() }
}
