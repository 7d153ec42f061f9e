//! Normalized keys: the leaves of an order in one number that compares like the rows.
//!
//! The bounds of each leaf's values are collected while rows are added. So a key of 8 or 16 bytes
//! holds only the bits that differ, and mostly decides a comparison alone. A key holds as many of
//! the leaves as fit.
//!
//! Keys and places are computed when rows are sorted. Their memory is reserved when rows are added,
//! so a sort cannot run out of memory.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod bounds;
mod encoding;
pub(crate) mod number;
mod prefix;

pub(crate) use bounds::Bounds;
pub(crate) use encoding::{Encoding, Key, WideKey, max_key_bits};
pub(crate) use number::{Number, with_numbers};
pub use prefix::order_prefixes;
