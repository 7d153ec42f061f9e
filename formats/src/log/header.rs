//! The header of a split: the identity of the log, the number of the split, and the type of its
//! records.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::damage::damaged_at;
use crate::native::{FileMapping, PREFIX_BYTES, SplitName, header_bytes, leaves_of};
use runtime::error::{Error, Result};
use runtime::row::Schema;
use runtime::storage::{StoredObject, read_exact_at};

/// The header of a split.
pub(super) struct Header {
    pub(super) name: SplitName,
    /// How a record is read from the columns.
    pub(super) mapping: FileMapping,
    /// Length of the header, which is the offset of the first block.
    pub(super) bytes: u64,
    /// Checksum of the header's bytes.
    pub(super) checksum: u64,
}

impl Header {
    /// Parses the header at the beginning of a file. Returns `None` if it is not whole yet.
    ///
    /// # Errors
    /// Fails if the header is damaged, or does not name a split.
    pub(super) fn read(beginning: &[u8], schema: &Schema) -> Result<Option<Self>, String> {
        if beginning.len() < PREFIX_BYTES {
            return Ok(None);
        }
        let length = header_bytes(beginning)?;
        let Some(bytes) = beginning.get(..length) else { return Ok(None) };
        let leaves = leaves_of(bytes)?;
        let (name, mapping) = (name_in(bytes)?, FileMapping::new(leaves, schema));
        Ok(Some(Header { name, mapping, bytes: length as u64, checksum: xxh3_64(bytes) }))
    }
}

/// Returns the split that a whole header names.
///
/// # Errors
/// Fails if it names no split, as in logs of version 1.
pub(super) fn name_in(header: &[u8]) -> Result<SplitName, String> {
    SplitName::of(header).ok_or_else(|| {
        "the split was written by an earlier version of this program and does not name its log; seal the log \
         with that version, and append the records of `read_native(\"…/split-*.log\")` to a new log"
            .to_owned()
    })
}

/// Checks that a split is the one that belongs at its path.
///
/// # Errors
/// Fails if the log or the number differs.
pub(super) fn check_name(found: SplitName, expected: SplitName) -> Result<(), String> {
    if found.log != expected.log {
        return Err(format!(
            "the split belongs to another log: its identity is {:032x}, and that of this log is {:032x}; put the \
             log's own file back",
            found.log, expected.log
        ));
    }
    if found.number != expected.number {
        return Err(format!("the file is split {} of this log, under another's name; put both back", found.number));
    }
    Ok(())
}

/// Returns the bytes of a split's header, or `None` if it is not whole yet, and the length of the
/// file.
///
/// # Errors
/// Fails if the file cannot be read, or does not begin with a header.
pub(super) fn header_in(file: &dyn StoredObject, path: &Path) -> Result<(Option<Vec<u8>>, u64)> {
    let io = |error| Error::io("read", path)(error);
    let length = file.info().map_err(io)?.bytes;
    if length < PREFIX_BYTES as u64 {
        return Ok((None, length));
    }
    let mut bytes = vec![0; PREFIX_BYTES];
    read_exact_at(file, &mut bytes, 0).map_err(io)?;
    let needed = header_bytes(&bytes).map_err(|message| damaged_at(path, 0, message))?;
    if length < needed as u64 {
        return Ok((None, length));
    }
    bytes.resize(needed, 0);
    read_exact_at(file, &mut bytes, 0).map_err(io)?;
    leaves_of(&bytes).map_err(|message| damaged_at(path, 0, message))?;
    Ok((Some(bytes), length))
}
