//! The header of a split: what its records are.

use crate::format::native::{FileFit, PREFIX_BYTES, header_bytes, leaves_of};
use crate::row::Schema;

/// What a split begins with.
pub(super) struct Header {
    /// How a record is read from its columns.
    pub(super) fit: FileFit,
    /// How long it is: where the first block begins.
    pub(super) bytes: u64,
}

impl Header {
    /// The header at the beginning of a file; nothing where it is not whole yet.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(beginning: &[u8], schema: &Schema) -> Result<Option<Self>, String> {
        if beginning.len() < PREFIX_BYTES {
            return Ok(None);
        }
        let length = header_bytes(beginning)?;
        let Some(header) = beginning.get(..length) else { return Ok(None) };
        Ok(Some(Header { fit: FileFit::new(leaves_of(header)?, schema), bytes: length as u64 }))
    }
}
