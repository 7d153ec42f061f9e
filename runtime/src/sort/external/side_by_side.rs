//! Two sorted sides, gone over together.

use crate::sort::external::groups::GroupSorter;

impl GroupSorter {
    /// Up to where the groups of the window, of which those before `next` have been seen, can be met with another side's: as far as the window of
    /// that is known to reach, and as no group of either is large. Both orders begin with `leading` leaves of one key.
    #[must_use]
    pub fn reaches(&self, other: &GroupSorter, next: usize, leading: usize) -> usize {
        let (rows, others) = (self.window(), other.window());
        if self.is_large() {
            return next;
        }
        match others.len().checked_sub(1) {
            // The first row of a large group is the only one of its window.
            Some(last) if other.is_large() => rows.rows_before(others, last, false, leading),
            Some(last) if !other.is_last() => rows.rows_before(others, last, true, leading),
            _ => rows.len(),
        }
        .max(next)
    }
}
