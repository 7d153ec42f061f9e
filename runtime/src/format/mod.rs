//! File formats: text, CSV, JSON lines, Parquet, binary and the engine's own, read and written; all but Parquet, which does so itself,
//! also compressed.
//!
//! Readers ask for bytes and hand out columns, encoders turn rows into bytes; neither reads nor writes files, but for footers,
//! headers and the places where splits may begin, which are looked at when a source is made or its splits are listed.
//!
//! **Two binary formats, two names.** `read_binary` reads plain values back to back, which anybody can write, and hands out the bytes it read as
//! columns with the record's width as their stride. `read_native` reads blocks of columns that say what they are and prove that they are whole. One
//! name for both would make the bytes of a file depend on whether a record has a text. Blocks hold columns, not pages: a page from a disk would have
//! to be checked slot by slot before a cursor may follow what is in it.

mod array_elements;
mod binary;
mod blocks;
mod cells;
mod chunks;
mod compression;
mod concatenated;
mod csv;
mod enums;
mod files;
mod folder_keys;
mod folders;
mod json;
mod leaves;
mod limits;
mod line_reader;
mod log;
mod names;
mod native;
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
mod wrong;

pub use crate::storage::keep_standard_input;
pub use binary::{BinaryFormat, BinarySource};
pub use compression::compressed_by_name;
pub(crate) use compression::unwritten_compression;
pub use csv::{CsvFormat, CsvOptions, CsvSource};
pub use files::{InputFile, Inputs, input_files};
pub(crate) use folder_keys::{FolderKey, folder_keys};
pub use folders::read_folders;
pub(crate) use json::Value;
pub use json::{JsonFormat, JsonOptions, JsonSource};
pub use limits::{FileKind, must_hold, must_hold_in_folders, must_mark_own_field, must_name_folders};
pub use log::{LogSource, LogSplits};
pub use native::{NativeFormat, NativeSource};
pub use parquet::{ParquetCodec, ParquetFormat, ParquetOptions, ParquetSource};
pub use shown::{LinesFormat, TableFormat};
pub use text::{TextFormat, TextSource};
pub use text_encoding::TextEncoding;
pub use time_forms::TimeForms;

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
    CsvSource::of(Inputs::at(path)?, schema, options)
}

/// Records of files of JSON lines.
///
/// # Errors
/// Where the path names no file, or one that cannot be read, or the record cannot be read from JSON.
pub fn json(path: &str, schema: &Schema, options: JsonOptions) -> Result<JsonSource> {
    JsonSource::of(Inputs::at(path)?, schema, options)
}

/// Records of Parquet files; their columns are found by the names of the record's fields.
///
/// # Errors
/// Where the path names no file, or one that cannot be read or is no Parquet file.
pub fn parquet(path: &str, schema: &Schema) -> Result<ParquetSource> {
    ParquetSource::of(Inputs::at(path)?, schema, ParquetOptions::default())
}

/// Records of plain values, back to back, of binary files.
///
/// # Errors
/// Where the path names no file, or one that cannot be read, or the record has no fixed width.
pub fn binary(path: &str, schema: &Schema) -> Result<BinarySource> {
    BinarySource::of(Inputs::at(path)?, schema)
}

/// Records of files in the engine's own format; their columns are found by the names of the record's fields.
///
/// # Errors
/// Where the path names no file, or one that cannot be read or is no native file.
pub fn native(path: &str, schema: &Schema) -> Result<NativeSource> {
    NativeSource::of(Inputs::at(path)?, schema)
}
