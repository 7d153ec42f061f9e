//! Parquet, read and written through the `parquet` crate.
//!
//! * [`footer`]: reads footers. [`codec`]: the supported codecs.
//! * [`mapping`]: maps leaves to columns. [`hints`]: the Arrow types of columns.
//! * [`writer_faults`]: faults of early writers. [`checked`]: checks pages before the `parquet`
//!   crate decodes them.
//! * [`prune`]: finds row groups that the bounds of a scan exclude.
//! * [`reader`]: reads row groups, which are the splits. [`column`]: decodes flat columns to
//!   leaves.
//! * [`extract`], [`convert`]: convert all other columns, which the `parquet` crate decodes to
//!   Arrow arrays.
//! * [`encoder`]: writes row groups, also of one file by several tasks. [`build`]: builds Arrow
//!   arrays from leaves. [`dictionary`]: chooses the columns that get a dictionary.
//!
//! Flat columns are decoded here, the rest by the `parquet` crate. Most files consist mostly of
//! dictionaries and bit-packed codes of numbers and texts. The crate takes three times as long for
//! them: see [`column`]. The crate finds the pages, and other crates decompress them. Lists, groups
//! and rare encodings are decoded by the crate.
//!
//! # Types
//! | leaf | read from | written as |
//! |---|---|---|
//! | integers up to 64 bits | any integer column | the same integer |
//! | `i64`, `u64` | times of day too: microseconds since midnight | |
//! | `f32`, `f64` | `FLOAT`, half floats; `f64` from `DOUBLE` too | the same |
//! | `bool` | `BOOLEAN` | the same |
//! | `String`, `char` | strings, and bytes that are UTF-8 | string |
//! | `Vec<u8>` | bytes, strings, bytes of fixed length | bytes |
//! | `Date` | `DATE` | the same |
//! | `TimeDelta` | microseconds in 64 bits; Arrow's durations | microseconds in 64 bits |
//! | `Timestamp` | timestamps of any unit, `INT96`, cut to microseconds | microseconds, UTC |
//! | `Decimal<S>` | decimals with at most `S` fractional digits | `DECIMAL(18, S)` in 64 bits |
//! | `Vec` of plain values, `Vec<String>` | lists of such, none null | `LIST` of required ones |
//! | any other `Vec` | lists of such elements | `LIST` |
//! | `BTreeMap` | maps, and lists of groups of two | `MAP` |
//!
//! A value that does not fit is an error: an integer out of its leaf's range, a decimal beyond 64
//! bits, a map with a duplicate key.
//!
//! Nested records are groups of columns. Alternatively, `home.zip` may be a column with that name.
//! The fields of a tuple are the columns in order. An `Option` is a nullable column. A nullable
//! column without nulls may be read into a leaf without `Option`. A column of only nulls can be
//! read into any `Option`.
//!
//! Timestamps and durations may have any unit. Timestamps finer than a microsecond are rounded
//! down, as other engines cast them. So their order and their days are kept, and files of pandas
//! are readable. Durations finer than a microsecond are an error.
//!
//! # Limits
//! * Not supported: enums whose variants hold values, `i128`, `u128`, an `Option` directly inside
//!   an `Option`, and an `Option` as a map's key.
//! * JSON columns are rejected. The `parquet` crate treats them as UTF-8 without a check.
//! * A row group is read as a whole. Memory for the compressed and the decoded bytes of its live
//!   columns is reserved first. Memory for the lists of each batch is reserved before they are
//!   built.
//! * Brotli is a cargo feature, because it adds 9 s to an optimized build and such files are rare.
//!   Gzip adds nothing, since CSV also uses `flate2`.

mod build;
mod checked;
mod codec;
mod column;
mod convert;
mod dictionary;
mod durations;
mod encoder;
mod encrypted;
mod mapping;
mod footer;
mod hints;
mod extract;
mod options;
mod prune;
mod reader;
mod sample;
mod snappy;
mod source;
mod thrift;
mod varint;
mod writer_faults;

pub use encoder::ParquetFormat;
pub use options::{ParquetCodec, ParquetOptions};
pub use source::ParquetSource;
