//! Parquet, read and written through the `parquet` crate.
//!
//! * [`footer`]: what a file says about itself; [`codec`]: which codecs there are.
//! * [`fit`]: which column each leaf is read from, and whether it can be; [`hints`]: as which Arrow type.
//! * [`writer_faults`]: what early writers meant; [`checked`]: pages are checked before the `parquet` crate decodes them.
//! * [`prune`]: which row groups a scan's bounds exclude.
//! * [`reader`]: row groups as splits; [`column`]: flat columns, decoded to leaves; [`hold`], [`convert`]: all others, which the `parquet` crate decodes to
//!   Arrow arrays, as leaves.
//! * [`encoder`]: rows as row groups, also of one file by several tasks; [`build`]: leaves as Arrow arrays; [`dictionary`]: which columns are worth one.
//!
//! # Types
//! | leaf | read from | written as |
//! |---|---|---|
//! | integers up to 64 bits | any integer column; a value that does not fit is an error | the same integer |
//! | `i64`, `u64` | times of day too: microseconds since midnight | |
//! | `f32`, `f64` | `FLOAT`, half floats; `f64` from `DOUBLE` too | the same |
//! | `bool` | `BOOLEAN` | the same |
//! | `String`, `char` | strings, and bytes that are UTF-8 | string |
//! | `Vec<u8>` | bytes, strings, bytes of fixed length | bytes |
//! | `Date` | `DATE` | the same |
//! | `TimeDelta` | 64-bit integers, as microseconds; Arrow's durations of any unit | 64-bit integers: microseconds |
//! | `Timestamp` | timestamps of any unit, `INT96`; what is finer than a microsecond is cut off | microseconds, UTC |
//! | `Decimal<S>` | decimals of at most `S` digits after the point; a value beyond 64 bits is an error | `DECIMAL(18, S)` in 64 bits |
//! | `Vec` of plain values, `Vec<String>` | lists of what the elements are read from, without nulls in them | `LIST` of required elements |
//! | any other `Vec` | lists of what the elements are read from | `LIST` |
//! | `BTreeMap` | maps, and lists of groups of two; a key that stands twice is an error | `MAP` |
//!
//! Nested records are groups of columns; `home.zip` may also be a column of that name. The fields of a tuple are the columns in
//! order. An `Option` is a nullable column; a nullable column may be read into a leaf without `Option` as long as it holds no null. A column
//! of nulls alone is any `Option`.
//!
//! # Limits
//! Enums whose variants hold values, `i128` and `u128`, an `Option` directly inside an `Option`, and an `Option` as a map's key are neither read nor
//! written. JSON is not read: nothing says that it is UTF-8. A row group is read as a whole: memory for its compressed and its decoded bytes, of the
//! columns that are read, is reserved first, and for each batch what its lists become, before they are made.
//!
//! **Flat columns are decoded here, the rest by the `parquet` crate.** Dictionaries and bit-packed codes of numbers and texts are most of what is read
//! of most files, and the crate takes three times as long for them: [`column`] says why. Pages are found by the crate, and decompressed by well-kept
//! crates; lists, groups and encodings that are rare are the crate's whole.
//!
//! **Parquet's nanoseconds are cut, its codecs are there but Brotli.** What is finer than a microsecond is cut off towards the past, as other
//! engines cast it: order and days stay, and a file that pandas wrote is read. Gzip costs no build time, as `flate2` is there for CSV; Brotli costs
//! 9 s of an optimized one for files that are rare, so it is a cargo feature. JSON columns stay refused: the `parquet` crate takes them for UTF-8
//! without a look.

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
