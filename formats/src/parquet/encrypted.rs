//! Finds columns that a footer marks as encrypted.
//!
//! The `parquet` crate ignores these marks unless it is built with cryptography.

use super::thrift::each_column;

/// Field ids of a column: how it is encrypted, and its encrypted metadata.
const MARKS: [i16; 2] = [8, 9];

/// Returns the row group and the column of the first column that is marked as encrypted. Returns
/// `None` if there is none, or if the footer is damaged, which its decoder reports.
pub(super) fn encrypted_column(footer: &[u8]) -> Option<(usize, usize)> {
    let mut found = None;
    let _ = each_column(footer, &mut |bytes, column, id, ty| {
        if MARKS.contains(&id) && found.is_none() {
            found = Some(column);
        }
        bytes.skip(ty)
    });
    found
}
