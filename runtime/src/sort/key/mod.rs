//! Normalized keys: leaves of an order in one number that sorts as they do, as far as they fit one.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod bounds;
mod encoding;
pub(crate) mod number;
mod prefix;

pub(crate) use bounds::Bounds;
pub(crate) use encoding::{Encoding, Key, WideKey, most_bits};
pub(crate) use number::{Number, with_numbers};
pub use prefix::order_prefixes;
