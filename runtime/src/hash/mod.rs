//! Hashing of keys, and what is found by hash: an index of rows, and a filter that knows which keys are not there.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

/// The version of the function from keys to hashes. What is kept by hash beyond a run, as state in snapshots, says it; a test holds the hashes of this version.
pub const HASH_VERSION: u16 = 1;

mod bloom;
mod index;
pub(crate) mod key;
mod rows;
mod runtime_filter;
pub(crate) mod sub_key;

pub use bloom::BloomFilter;
pub(crate) use index::{
    HashIndex, HashIndexView, KEPT_BITS, ROW_ALIGN, kept_bits, next_id, place_of, prefetch, prefetch_row,
};
pub(crate) use key::{KeyLeaf, KeyShape, Parts, compared, with_shape};
pub use rows::hash_rows;
pub use runtime_filter::{KeyFilter, RuntimeFilter};
