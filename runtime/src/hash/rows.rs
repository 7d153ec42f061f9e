//! Hashes of rows, whatever holds them.

use smallvec::SmallVec;

use crate::hash::key::{KeyLeaf, KeyShape, with_shape};
use crate::page::{Batch, Input};

/// One hash for each row asked for, of the leaves in `key`: equal keys have equal hashes, whatever holds them.
pub fn hash_rows(input: &Input<'_>, key: &[usize], hashes: &mut Vec<u64>) {
    let leaves = asked(input.batch(), key);
    hashes.clear();
    let rows = input.selection().rows().iter();
    with_shape!(&leaves, shape => {
        // SAFETY: an input's rows are rows of its batch.
        hashes.extend(rows.map(|&row| unsafe { shape.hash(row as usize) }));
    });
}

/// Key leaves of a batch that are compared with nothing stored.
pub(crate) fn asked(batch: &Batch<'_>, key: &[usize]) -> SmallVec<[KeyLeaf; 4]> {
    key.iter().map(|&leaf| KeyLeaf { asked: batch.leaf(leaf), stored_offset: 0, is_sub_key: false }).collect()
}
