//! CSV with types (RFC 4180).
//!
//! * [`options`]: what CSV files leave open.
//! * [`mapping`]: which column each leaf is read from or written to.
//! * [`marks`], [`scan`]: where fields begin and end.
//! * [`parse`]: fields as leaves.
//! * [`reader`], [`source`]: files as records; [`encoder`]: records as files.
//!
//! # Nulls
//! An `Option` is null where its field is the null text (empty, unless said otherwise) without quotes; a quoted empty field is the
//! empty text. An optional nested record is null where all its fields are.
//!
//! # Newlines in fields
//! A quoted field may hold newlines, so whether a newline ends a record depends on every quote before it. Files larger than one
//! split are therefore read once before, to count quotes: at the speed of memory, a small part of what parsing takes. So splits
//! begin exactly where records begin. [`CsvOptions::multiline`] `= false` saves this pass; a newline in a field is then an error,
//! and never misread: the field's opening quote stands in a line that some split reads, and is not closed there. For the same
//! reason, a quote inside a field without quotes is an error.
//!
//! # Why not `csv-core`
//! It finds fields byte by byte by a table, where [`marks`] finds 64 bytes' quotes, commas and newlines at once, and it has to be shown fields that nobody
//! reads. On the rows of the test `speed` (16 columns) its fields alone take 153 ns a row, ours 64 to 80. By these
//! figures, reading into columns would take about 1.25 times as long where all 16 columns are read, and 1.6 times where 4 are, which is what pipelines do.

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
