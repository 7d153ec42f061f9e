//! Checks output names that end like those of compressed files.

use std::path::Path;

use super::Format;
use crate::error::{Error, Result};

/// Extensions of compressed files that the engine writes.
const WRITTEN: [&str; 2] = ["gz", "zst"];

/// Extensions of compressed files and archives that the engine does not write.
const UNWRITTEN: [&str; 17] = [
    "7z", "br", "bz", "bz2", "lz", "lz4", "lzma", "lzo", "rar", "snappy", "sz", "tar", "tgz", "xz", "z", "zip", "zstd",
];

/// Rejects an output whose name promises a compression that its bytes will not have.
///
/// # Errors
/// Fails if the extension is one of these. The message names the extensions that are written.
pub(crate) fn unwritten_compression(format: &dyn Format, path: &Path) -> Result<()> {
    let Some(end) = path.extension().and_then(|end| end.to_str()) else { return Ok(()) };
    let advice = match is_one_of(&UNWRITTEN, end) {
        _ if format.compresses_itself() && (is_one_of(&UNWRITTEN, end) || is_one_of(&WRITTEN, end)) => {
            "the format compresses by itself, so leave that end off"
        }
        true => "name it `.gz` for gzip or `.zst` for Zstandard, or leave that end off",
        false => return Ok(()),
    };
    Err(Error::Plan(format!("cannot write {}: nothing is compressed as `.{end}`; {advice}", path.display())))
}

fn is_one_of(ends: &[&str], end: &str) -> bool {
    ends.iter().any(|known| end.eq_ignore_ascii_case(known))
}
