//! Binary files: plain values, record after record, and nothing else.
//!
//! A record is its values in the order of its fields, little-endian, without padding, header or separators: what a packed C struct is
//! in memory, and a packed `dtype` of numpy. So a record of `(i64, f64)` has 16 bytes, and record `n` begins at byte `16 * n`.
//!
//! * [`packed`]: where the values of a record lie, and which bytes are none.
//! * [`source`], [`reader`]: files as records; [`encoder`]: records as files.
//!
//! Batches are columns over the bytes as they were read, with the record's width as their stride: nothing is copied or decoded.
//!
//! # Limits
//! Texts, lists and `Option`s have no fixed width; the [native](super::native) format holds them.

mod encoder;
mod packed;
mod reader;
mod source;

pub use encoder::BinaryFormat;
pub(super) use packed::first_wrong;
pub use source::BinarySource;
