//! Parquet, read and written through the `parquet` crate.
//!
//! * [`footer`]: the footer of a file; [`codec`]: the codecs.
//! * [`fit`]: the column of each leaf, and whether it can be read; [`hints`]: its Arrow type.
//! * [`writer_faults`]: faults of early writers; [`checked`]: checks of pages before the `parquet`
//!   crate decodes them.
//! * [`prune`]: row groups that the bounds of a scan exclude.
//! * [`reader`]: row groups as splits; [`column`]: flat columns, decoded to leaves.
//! * [`hold`], [`convert`]: all other columns, which the `parquet` crate decodes to Arrow arrays.
//! * [`encoder`]: rows as row groups, also of one file by several tasks; [`build`]: leaves as Arrow
//!   arrays; [`dictionary`]: the columns that get a dictionary.
//!
//! Flat columns are decoded here, the rest by the `parquet` crate. Most files consist mostly of
//! dictionaries and bit-packed codes of numbers and texts, and the crate takes three times as long
//! for them: see [`column`]. The crate finds the pages, and other crates decompress them. Lists,
//! groups and rare encodings are left to the crate.
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
//! Values that do not fit are errors: an integer beyond its leaf, a decimal beyond 64 bits, a map
//! with the same key twice.
//!
//! Nested records are groups of columns; `home.zip` may also be a column of that name. The fields
//! of a tuple are the columns in order. An `Option` is a nullable column. A nullable column without
//! nulls may be read into a leaf without `Option`. A column of nulls alone is any `Option`.
//!
//! Timestamps and durations may have any unit. Times finer than a microsecond are cut off towards
//! the past, as other engines cast them. So order and days stay, and files of pandas are readable.
//!
//! # Limits
//! * Not supported: enums whose variants hold values, `i128`, `u128`, an `Option` directly inside
//!   an `Option`, and an `Option` as a map's key.
//! * JSON columns are rejected. The `parquet` crate takes them for UTF-8 without a check.
//! * A row group is read as a whole. Memory for its compressed and its decoded bytes, of the
//!   columns that are read, is reserved first. The memory of each batch's lists is reserved before
//!   they are made.
//! * Brotli is a cargo feature, since it adds 9 s to an optimized build, for rare files. Gzip adds
//!   nothing, as CSV uses `flate2` too.

mod build;
mod checked;
mod codec;
mod column;
mod convert;
mod dictionary;
mod durations;
mod encoder;
mod encrypted;
mod fit;
mod footer;
mod hints;
mod hold;
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
