//! CSV with types (RFC 4180).
//!
//! * [`options`]: the dialect of a file.
//! * [`mapping`]: the column that each leaf is read from or written to.
//! * [`marks`], [`scan`]: find fields.
//! * [`parse`]: parses fields into leaves.
//! * [`reader`], [`source`]: read files. [`encoder`]: writes files.
//!
//! # Nulls
//! An `Option` is null if its field is the null text (empty by default) without quotes. A quoted
//! empty field is the empty text. An optional nested record is null if all its fields are null.
//!
//! # Newlines in fields
//! A quoted field may hold newlines, so a newline ends a record or not depending on every quote
//! before it. Files larger than one split are therefore read once before, to count quotes, and
//! splits begin exactly where records begin. That pass runs at memory speed and is short compared
//! with parsing.
//!
//! [`CsvOptions::multiline`] `= false` saves this pass. A newline in a field is then an error, and
//! is never misread: the line with the opening quote is in some split, and the quote is not closed
//! on it. For the same reason, a quote inside a field without quotes is an error.
//!
//! # Why not `csv-core`
//! `csv-core` finds fields byte by byte with a table, and also visits fields that are not read.
//! [`marks`] finds the quotes, commas and newlines of 64 bytes in one step. On the rows of the test
//! `speed` (16 columns), `csv-core` takes 153 ns per row to find fields, this module 64 to 80. By
//! these figures, reading into columns would take 1.25 times as long for all 16 columns. For 4
//! columns, as pipelines read them, it would take 1.6 times as long.

mod encoder;
mod mapping;
#[cfg(feature = "csv")]
mod marks;
#[cfg(feature = "csv")]
mod input;
mod options;
#[cfg(feature = "csv")]
mod parse;
#[cfg(feature = "csv")]
mod reader;
#[cfg(feature = "csv")]
mod scan;
#[cfg(feature = "csv")]
mod source;

pub use encoder::CsvFormat;
pub use options::CsvOptions;
#[cfg(feature = "csv")]
pub use source::CsvSource;
