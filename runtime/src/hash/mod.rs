//! Hashing of keys, and what is found by hash: an index of rows, and a filter that knows which keys are not there.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod bloom;
mod index;
pub(crate) mod key;
mod rows;

pub use bloom::BloomFilter;
pub(crate) use index::{
    HashIndex, HashIndexView, KEPT_BITS, ROW_ALIGN, kept_bits, next_id, place_of, prefetch, prefetch_row,
};
pub(crate) use key::{KeyLeaf, KeyShape, Parts, compared, with_shape};
pub use rows::hash_rows;
