//! Binary files: plain values, record after record, without header or separators.
//!
//! The values of a record follow each other in the order of its fields, little-endian and without
//! padding. This is the layout of a packed C struct and of a packed numpy `dtype`. A record of
//! `(i64, f64)` has 16 bytes, and record `n` begins at byte `16 * n`.
//!
//! * [`packed`]: the layout of a record, and the check of values.
//! * [`source`], [`reader`]: read files. [`encoder`]: writes files.
//!
//! Batches are columns over the bytes as they were read, with the record's width as stride. Nothing
//! is copied or decoded.
//!
//! # Limits
//! Texts, lists and `Option`s have no fixed width. The [native](super::native) format holds them.

mod encoder;
mod packed;
mod reader;
mod source;

pub use encoder::BinaryFormat;
pub(super) use packed::first_invalid;
pub use source::BinarySource;
