//! Names of outputs that end as a compressed file's name does.

use std::path::Path;

use super::Format;
use crate::error::{Error, Result};

/// Ends of the names of files that the engine writes compressed.
const WRITTEN: [&str; 2] = ["gz", "zst"];

/// Ends of the names of compressed files and archives that are not written.
const UNWRITTEN: [&str; 17] = [
    "7z", "br", "bz", "bz2", "lz", "lz4", "lzma", "lzo", "rar", "snappy", "sz", "tar", "tgz", "xz", "z", "zip", "zstd",
];

/// Refuses an output whose name ends with a compression that its bytes will not have.
///
/// # Errors
/// The name, and an end that is written.
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
