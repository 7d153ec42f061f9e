//! File formats: text, CSV and Parquet, read and written.
//!
//! Readers ask for bytes and hand out columns, encoders turn rows into bytes; neither reads nor writes files, but for footers,
//! headers and the places where splits may begin, which are looked at when a source is made or its splits are listed.

mod blocks;
mod cells;
mod csv;
mod enums;
mod files;
mod names;
mod parquet;
mod pattern;
mod record_ends;
mod splits;
mod text;
mod values;

pub use csv::{CsvFormat, CsvOptions, CsvSource};
pub use files::{InputFile, input_files};
pub use parquet::{ParquetFormat, ParquetSource};
pub use text::{TextFormat, TextSource};

use crate::error::Result;
use crate::row::Schema;

/// The most rows that a batch has: what fits a core's second cache beside the values of a few leaves.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Lines of text files.
///
/// # Errors
/// Where the path names no file, or one that cannot be read.
pub fn text(path: &str) -> Result<TextSource> {
    TextSource::new(path)
}

/// Records of CSV files.
///
/// # Errors
/// Where the path names no file, or one that cannot be read, or the record cannot be read from CSV.
pub fn csv(path: &str, schema: &Schema, options: CsvOptions) -> Result<CsvSource> {
    CsvSource::new(path, schema, options)
}

/// Records of Parquet files; their columns are found by the names of the record's fields.
///
/// # Errors
/// Where the path names no file, or one that cannot be read or is no Parquet file.
pub fn parquet(path: &str, schema: &Schema) -> Result<ParquetSource> {
    ParquetSource::new(path, schema)
}
