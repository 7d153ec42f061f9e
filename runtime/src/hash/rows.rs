//! Hashes of the rows of a batch.

use smallvec::SmallVec;

use crate::hash::key::{KeyLeaf, KeyShape, with_shape};
use crate::page::{Batch, Input};

/// Computes the hash of the leaves `key` of each selected row. Equal keys have equal hashes,
/// however they are stored.
pub fn hash_rows(input: &Input<'_>, key: &[usize], hashes: &mut Vec<u64>) {
    let leaves = probe_leaves(input.batch(), key);
    hashes.clear();
    let rows = input.selection().rows().iter();
    with_shape!(&leaves, shape => {
        // SAFETY: an input's rows are rows of its batch.
        hashes.extend(rows.map(|&row| unsafe { shape.hash(row as usize) }));
    });
}

/// Key leaves of a batch, for hashing only.
pub(crate) fn probe_leaves(batch: &Batch<'_>, key: &[usize]) -> SmallVec<[KeyLeaf; 4]> {
    key.iter().map(|&leaf| KeyLeaf { probe: batch.leaf(leaf), stored_offset: 0, is_sub_key: false }).collect()
}
