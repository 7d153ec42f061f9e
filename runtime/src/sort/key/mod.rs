//! Normalized keys: leaves of an order in one number that sorts as they do, as far as they fit one.
//!
//! **A sort's keys follow from its rows.** What bounds the values of each leaf is noted while rows are added, so a key of 8 or 16 bytes holds just
//! the bits that differ, and mostly decides alone. Keys and places are made when rows are sorted, but paid for when they come: sorting cannot fail.
//! Small plain rows are moved themselves, through chunks cut from the pages that were read before.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod bounds;
mod encoding;
pub(crate) mod number;
mod prefix;

pub(crate) use bounds::Bounds;
pub(crate) use encoding::{Encoding, Key, WideKey, most_bits};
pub(crate) use number::{Number, with_numbers};
pub use prefix::order_prefixes;
