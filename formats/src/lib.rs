//! File formats: text, CSV, JSON lines, Parquet, binary, native and log. Each format except text
//! has a feature with its name.
//!
//! A reader requests ranges of bytes and returns columns. An encoder turns rows into bytes. Neither
//! does I/O. A source reads footers, headers and the offsets where splits may begin, when it is
//! created or when its splits are listed.
//!
//! # Binary and native
//! `binary` has plain values back to back, which other programs can write. Its reader returns the
//! bytes of the file as columns whose stride is the width of the record. `native` has blocks of
//! columns with their types and checksums. Its blocks hold columns rather than pages, since each
//! slot of a page from a disk would have to be checked before a cursor follows it.

// Without some of the formats, parts that formats share are unused.
#![cfg_attr(
    not(all(feature = "binary", feature = "csv", feature = "json", feature = "log", feature = "parquet")),
    allow(dead_code, unreachable_pub, unused_imports)
)]

mod array_elements;
#[cfg(feature = "binary")]
mod binary;
mod blocks;
mod cells;
mod chunks;
mod compression;
mod concatenated;
mod csv;
mod enums;
mod files;
mod folders;
#[cfg(feature = "json")]
mod json;
mod leaves;
mod limits;
mod line_reader;
#[cfg(feature = "log")]
mod log;
mod names;
#[cfg(feature = "native")]
mod native;
#[cfg(feature = "parquet")]
mod parquet;
mod pattern;
mod record_ends;
mod rejects;
mod row_encoder;
mod shown;
mod signatures;
mod splits;
mod text;
mod text_encoding;
mod time_forms;
mod values;

#[cfg(feature = "binary")]
pub use binary::{BinaryFormat, BinarySource};
pub use compression::compressed_by_name;
#[cfg(feature = "csv")]
pub use csv::{CsvFormat, CsvOptions, CsvSource};
pub use files::{InputFile, Inputs, input_files};
pub use folders::read_folders;
#[cfg(feature = "json")]
pub use json::{JsonFormat, JsonOptions, JsonSource};
pub use limits::{FileKind, must_hold, must_hold_in_folders, must_mark_own_field, must_name_folders};
#[cfg(feature = "log")]
pub use log::{LogSource, LogSplits};
#[cfg(feature = "native")]
pub use native::{NativeFormat, NativeSource};
#[cfg(feature = "parquet")]
pub use parquet::{ParquetCodec, ParquetFormat, ParquetOptions, ParquetSource};
pub use runtime::storage::keep_standard_input;
pub use shown::{LinesFormat, TableFormat};
pub use text::{TextFormat, TextSource};
pub use text_encoding::TextEncoding;
pub use time_forms::TimeForms;

use runtime::error::Result;
use runtime::row::Schema;

/// Largest number of rows in a batch. The values of a few leaves fit in a core's second-level
/// cache.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Reads text files. A record is a line.
///
/// # Errors
/// Fails if the path names no file that can be read.
pub fn text(path: &str) -> Result<TextSource> {
    TextSource::new(path)
}

/// Reads the records of CSV files.
///
/// # Errors
/// Fails if the path names no file that can be read, or the record cannot be read from CSV.
#[cfg(feature = "csv")]
pub fn csv(path: &str, schema: &Schema, options: CsvOptions) -> Result<CsvSource> {
    CsvSource::of(Inputs::at(path)?, schema, options)
}

/// Reads the records of files of JSON lines.
///
/// # Errors
/// Fails if the path names no file that can be read, or the record cannot be read from JSON.
#[cfg(feature = "json")]
pub fn json(path: &str, schema: &Schema, options: JsonOptions) -> Result<JsonSource> {
    JsonSource::of(Inputs::at(path)?, schema, options)
}

/// Reads the records of Parquet files. Columns are found by the names of the record's fields.
///
/// # Errors
/// Fails if the path names no file that can be read, or a file in another format.
#[cfg(feature = "parquet")]
pub fn parquet(path: &str, schema: &Schema) -> Result<ParquetSource> {
    ParquetSource::of(Inputs::at(path)?, schema, ParquetOptions::default())
}

/// Reads the records of binary files: plain values back to back.
///
/// # Errors
/// Fails if the path names no file that can be read, or the record has no fixed width.
#[cfg(feature = "binary")]
pub fn binary(path: &str, schema: &Schema) -> Result<BinarySource> {
    BinarySource::of(Inputs::at(path)?, schema)
}

/// Reads the records of native files. Columns are found by the names of the record's fields.
///
/// # Errors
/// Fails if the path names no file that can be read, or a file in another format.
#[cfg(feature = "native")]
pub fn native(path: &str, schema: &Schema) -> Result<NativeSource> {
    NativeSource::of(Inputs::at(path)?, schema)
}
