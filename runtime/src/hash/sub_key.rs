//! Hashes of keys that have a sub-key.

use crate::hash::key::{KeyCode, KeyLeaf, KeyShape, Parts, with_shape};

/// A key and a sub-key. The lower half of the hash is that of the key alone. So all rows of a key
/// are in one key group, while the upper half spreads them over an index.
#[derive(Clone, Copy)]
pub(crate) struct WithSubKey<'k> {
    key: Parts<'k>,
    all: Parts<'k>,
}

/// The half of a hash that selects a key group.
const LOWER: u64 = u32::MAX as u64;

impl<'k> WithSubKey<'k> {
    pub(crate) fn new(leaves: &'k [KeyLeaf]) -> Self {
        let of_key = leaves.partition_point(|leaf| !leaf.is_sub_key);
        WithSubKey { key: Parts(&leaves[..of_key]), all: Parts(leaves) }
    }
}

impl KeyShape for WithSubKey<'_> {
    #[inline]
    unsafe fn hash(self, row: usize) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { self.all.hash(row) & !LOWER | self.key_hash(row) & LOWER }
    }

    #[inline]
    unsafe fn code(self, row: usize) -> KeyCode {
        // SAFETY: the caller's promise.
        KeyCode { number: unsafe { self.hash(row) }, exact: false }
    }

    #[inline]
    unsafe fn same(self, row: usize, stored: *const u8) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.all.same(row, stored) }
    }
}

impl WithSubKey<'_> {
    /// The hash of the key alone. Uses the same shape as [`hash_rows`](crate::hash::hash_rows).
    ///
    /// # Safety
    /// As [`KeyShape::hash`].
    #[inline]
    unsafe fn key_hash(self, row: usize) -> u64 {
        // SAFETY: the caller's promise.
        with_shape!(self.key.0, shape => unsafe { shape.hash(row) })
    }
}
