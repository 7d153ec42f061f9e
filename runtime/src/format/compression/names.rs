//! Ends of names that promise what is not written.

use std::path::Path;

use super::Compression;
use crate::error::{Error, Result};
use crate::source::Format;

/// Ends of the names of compressed files and archives that are not written.
const UNWRITTEN: [&str; 17] = [
    "7z", "br", "bz", "bz2", "lz", "lz4", "lzma", "lzo", "rar", "snappy", "sz", "tar", "tgz", "xz", "z", "zip", "zstd",
];

/// Refuses an output whose name ends as a compressed file's would and whose bytes are not compressed so.
///
/// # Errors
/// With what is written instead.
pub(crate) fn unwritten_compression(format: &dyn Format, path: &Path) -> Result<()> {
    let Some(end) = path.extension().and_then(|end| end.to_str()) else { return Ok(()) };
    let advice = match is_unwritten(end) {
        _ if format.compresses_itself() && (is_unwritten(end) || Compression::of(path).is_some()) => {
            "the format compresses by itself, so leave that end off"
        }
        true => "name it `.gz` for gzip or `.zst` for Zstandard, or leave that end off",
        false => return Ok(()),
    };
    Err(Error::Plan(format!("cannot write {}: nothing is compressed as `.{end}`; {advice}", path.display())))
}

fn is_unwritten(end: &str) -> bool {
    UNWRITTEN.iter().any(|unwritten| end.eq_ignore_ascii_case(unwritten))
}
