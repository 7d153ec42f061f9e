//! Hashes of keys, and structures by hash: an index of rows, and filters that reject absent keys.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

/// Version of the function from keys to hashes. Data that outlives a run and depends on hashes
/// stores it, such as state in snapshots. A test contains the hashes of this version.
pub const HASH_VERSION: u16 = 1;

mod bloom;
mod index;
pub(crate) mod key;
mod rows;
mod runtime_filter;
pub(crate) mod sub_key;

pub use bloom::BloomFilter;
pub(crate) use index::{
    HashIndex, HashIndexView, ROW_ALIGN, TAG_BITS, next_table_id, place_of, prefetch, prefetch_row, tag_of,
};
pub(crate) use key::{KeyLeaf, KeyShape, Parts, compared, with_shape};
pub use rows::hash_rows;
pub use runtime_filter::{KeyFilter, RuntimeFilter};
