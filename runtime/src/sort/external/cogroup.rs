//! Two sorted inputs that are read together, group by group.

use crate::sort::external::groups::GroupSorter;

impl GroupSorter {
    /// Number of rows of the window that can be matched with `other` now, and at least `next`.
    ///
    /// The rows before `next` have been matched already. A row counts if all rows of its group in
    /// `other` are in the windows seen so far, and if neither group is large. Both orders begin
    /// with the same `leading` leaves.
    #[must_use]
    pub fn matchable_rows(&self, other: &GroupSorter, next: usize, leading: usize) -> usize {
        let (rows, others) = (self.window(), other.window());
        if self.is_large() {
            return next;
        }
        match others.len().checked_sub(1) {
            // The window of a large group holds only its first row.
            Some(last) if other.is_large() => rows.rows_before(others, last, false, leading),
            Some(last) if !other.is_last() => rows.rows_before(others, last, true, leading),
            _ => rows.len(),
        }
        .max(next)
    }
}
