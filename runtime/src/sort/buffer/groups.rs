//! Groups of one sorted buffer, and pairs of groups of two.

use std::cmp::Ordering;

use crate::sort::buffer::SortBuffer;
use crate::sort::buffer::index::RowIndex;
use crate::sort::key::Key;
use crate::sort::order::{compare_leaves, compare_rows};

impl SortBuffer {
    /// The end of the group that begins at position `start`. Rows of a group agree in the first
    /// `leading` leaves of the order.
    #[must_use]
    pub fn group_end(&self, start: usize, leading: usize) -> usize {
        let (index, leading) = (self.index(), leading.min(self.rows.leaves.len()));
        if start >= index.len() || leading == 0 {
            return index.len().max(start);
        }
        match (index, self.encoding.as_ref().and_then(|encoding| encoding.bits_after(leading))) {
            (RowIndex::Narrow(entries), Some(low)) => group_of_keys(entries, start, low),
            (RowIndex::Wide(entries), Some(low)) => group_of_keys(entries, start, low),
            _ => {
                let (order, first) = (&self.rows.leaves[..leading], self.row(start));
                // SAFETY: both are rows of this buffer.
                let same = |&position: &usize| unsafe { compare_rows(order, first, self.row(position)) }.is_eq();
                start + 1 + (start + 1..index.len()).take_while(same).count()
            }
        }
    }

    /// The ends of the groups with the next key in two sorted buffers.
    /// `from` are the positions where the next groups begin, and `until` bounds them. Rows of a
    /// group agree in the first `leading` leaves of both orders. If a side has no row of the key,
    /// the result for that side is its `from`. At the end of both sides, the result is `from`.
    #[must_use]
    pub fn next_groups(sides: [&SortBuffer; 2], from: [usize; 2], until: [usize; 2], leading: usize) -> [usize; 2] {
        let [left, right] = sides;
        let order = match (from[0] < until[0], from[1] < until[1]) {
            (true, true) => left.compare_key(from[0], right, from[1], leading),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => return from,
        };
        [
            if order.is_le() { left.group_end(from[0], leading) } else { from[0] },
            if order.is_ge() { right.group_end(from[1], leading) } else { from[1] },
        ]
    }

    /// Compares the first `leading` leaves of a row with those of another buffer's row.
    pub(crate) fn compare_key(
        &self,
        position: usize,
        other: &SortBuffer,
        other_position: usize,
        leading: usize,
    ) -> Ordering {
        let (left, right) = (self.row(position), other.row(other_position));
        for (ours, theirs) in self.rows.leaves.iter().zip(&other.rows.leaves).take(leading) {
            let is_of_one_type = ours.ty == theirs.ty;
            debug_assert!(is_of_one_type, "keys are compared with keys of another kind");
            if !is_of_one_type {
                continue;
            }
            // SAFETY: each is a row of its own buffer; the leaves are of one type.
            let order = unsafe { compare_leaves(ours.of_rows(left, 0), 0, theirs.of_rows(right, 0), 0) };
            if order.is_ne() {
                return if ours.descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

/// The end of the entries whose keys agree with that at `start` in all but the `low_bits` lowest
/// bits.
fn group_of_keys<K: Key>(entries: &[(K, usize)], start: usize, low_bits: u32) -> usize {
    let first = entries[start].0;
    start + 1 + entries[start + 1..].iter().take_while(|entry| entry.0.agrees(first, low_bits)).count()
}
