//! Groups of two sorted buffers, side by side.

use std::cmp::Ordering;

use super::{SortBuffer, compare_leaves};

impl SortBuffer {
    /// Where the groups of the next key end that begin at the positions `from` of two sorted buffers: the rows that agree in the first
    /// `leading` leaves of both orders. A side that has no row of this key stays where it is; at the end of both, both do.
    #[must_use]
    pub fn next_groups(sides: [&SortBuffer; 2], from: [usize; 2], leading: usize) -> [usize; 2] {
        let [left, right] = sides;
        let order = match (from[0] < left.len(), from[1] < right.len()) {
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

    /// Compares the keys of a row and of another buffer's row, which both orders begin with.
    fn compare_key(&self, position: usize, other: &SortBuffer, other_position: usize, leading: usize) -> Ordering {
        let (left, right) = (self.entries[position], other.entries[other_position]);
        if leading > 0 && left.0 != right.0 {
            return left.0.cmp(&right.0);
        }
        for (ours, theirs) in self.order.iter().zip(&other.order).take(leading) {
            let (left_leaf, right_leaf) = (self.stored_leaf(ours.leaf), other.stored_leaf(theirs.leaf));
            let is_of_one_type = left_leaf.ty == right_leaf.ty;
            debug_assert!(is_of_one_type, "keys are compared with keys of another kind");
            if !is_of_one_type {
                continue;
            }
            // SAFETY: each is a place of its own buffer's rows; the leaves are of one type.
            let order = unsafe { compare_leaves(left_leaf, left.1, right_leaf, right.1) };
            if order.is_ne() {
                return if ours.descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}
