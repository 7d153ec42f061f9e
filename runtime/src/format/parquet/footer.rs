//! The end of a Parquet file: its schema, and where its columns lie.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};

use crate::error::{Error, Result};
use crate::format::files::InputFile;

/// Length of the metadata in 4 bytes, and the magic number.
const TAIL_BYTES: usize = 8;

/// Reads and checks a footer.
///
/// # Errors
/// Where the file is none of Parquet, or damaged.
pub(super) fn read_footer(file: &InputFile) -> Result<Arc<ParquetMetaData>> {
    let damaged = |message: String| Error::Data { path: file.path().to_path_buf(), place: String::new(), message };
    let handle = file.open()?;
    let mut tail = [0; TAIL_BYTES];
    let Some(tail_at) = file.bytes().checked_sub(TAIL_BYTES as u64) else {
        return Err(damaged(format!("not a Parquet file: it has only {} bytes", file.bytes())));
    };
    file.read_at(&handle, tail_at, &mut tail)?;
    match &tail[4..] {
        b"PAR1" => {}
        b"PARE" => return Err(damaged("the file is encrypted, which is not supported".into())),
        found => {
            return Err(damaged(format!(
                "expected `PAR1` at the end, found `{}`: not a Parquet file, or not written to its end",
                found.escape_ascii()
            )));
        }
    }
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let Some(begin) = tail_at.checked_sub(length) else {
        return Err(damaged(format!("the footer says it has {length} bytes, and the file has {}", file.bytes())));
    };
    let mut bytes = vec![0; length as usize];
    file.read_at(&handle, begin, &mut bytes)?;
    let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&bytes))
        .map_err(|reason| damaged(format!("the footer is damaged: {reason}")))?;
    check(&metadata, file).map_err(|reason| damaged(format!("the footer is damaged: {reason}")))?;
    Ok(Arc::new(metadata))
}

/// The bytes of a column in a row group; `None` where they lie outside the file.
pub(super) fn column_range(column: &ColumnChunkMetaData, file_bytes: u64) -> Option<std::ops::Range<u64>> {
    let start = u64::try_from(column.dictionary_page_offset().unwrap_or(column.data_page_offset())).ok()?;
    let end = start.checked_add(u64::try_from(column.compressed_size()).ok()?)?;
    (end <= file_bytes).then_some(start..end)
}

/// Calls the `parquet` crate on bytes of a file. It means to answer damage with errors, but trips over some; a damaged file must not
/// take the process along.
///
/// # Errors
/// What the crate gives, or the message of its panic.
pub(super) fn guarded<T, E: std::fmt::Display>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("the decoder gave up")
            .to_owned()),
    }
}

fn check(metadata: &ParquetMetaData, file: &InputFile) -> Result<(), String> {
    let columns = metadata.file_metadata().schema_descr().num_columns();
    for (index, group) in metadata.row_groups().iter().enumerate() {
        if group.num_columns() != columns {
            return Err(format!("row group {index} has {} columns, and the schema has {columns}", group.num_columns()));
        }
        if group.num_rows() < 0 {
            return Err(format!("row group {index} has {} rows", group.num_rows()));
        }
        for column in group.columns() {
            if column_range(column, file.bytes()).is_none() || column.uncompressed_size() < 0 {
                return Err(format!(
                    "column `{}` of row group {index} lies outside the file",
                    column.column_path().string()
                ));
            }
        }
    }
    Ok(())
}
