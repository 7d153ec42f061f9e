//! Sorting for the first rows only: of all rows, or of each group.
//!
//! `top`, `top` of groups and `sample_n` use it. Whenever the rows have grown to a multiple of
//! those that were left, rows that cannot be among the first are dropped. The cost per row is
//! constant. A rest that does not fit memory is written to disk as a sorted run, with at most
//! `count` rows of each group. So none of the three operators has a memory limit of its own.
//!
//! Before that, `top` of groups drops rows that begin worse than `count` rows of their group
//! (`operators/top/cutoff`). With groups of a hundred rows, nine rows in ten go. The two largest of
//! each group took half of the time. The sort alone decides the result. So the cutoff's table may
//! be full, or may be dropped if it drops too few rows.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::TaskContext;
use crate::row::RowLayout;
use crate::sort::external::sorter::Sorter;
use crate::sort::in_memory::InMemorySort;
use crate::sort::order::OrderKey;

/// Rows that are kept at least before some are dropped.
const LEAST_ROWS: usize = 16 << 10;

/// Rows are dropped when there are so many times as many as were left: that costs a constant per row.
const GROWTH: usize = 3;

/// The rows that are asked for.
pub(crate) struct First {
    /// How many of each group.
    count: usize,
    /// Leaves of the order in which the rows of a group agree; none where all rows are one.
    leading: usize,
    /// Beyond so many rows it is time to drop some.
    most_rows: usize,
}

impl Sorter {
    /// As [`Sorter::seen`], for the first `count` rows of each group: rows that agree in the first `leading` leaves of the order, which is all of them where
    /// that is none. What is in memory is held to a multiple of these. In memory and in each run there are no others; in the merge of runs there are.
    ///
    /// # Errors
    /// As there.
    pub fn first_of_groups(
        layout: Arc<RowLayout>,
        order: impl Into<Box<[OrderKey]>>,
        count: usize,
        leading: usize,
        context: &TaskContext,
    ) -> Result<Self> {
        let first = Some(First { count, leading, most_rows: LEAST_ROWS });
        Ok(Sorter { first, ..Self::seen(layout, order, context)? })
    }

    /// Drops rows that are not asked for, where there are many rows.
    pub(crate) fn drop_many(&mut self) -> Result<()> {
        if self.first.as_ref().is_some_and(|first| self.buffer.len() > first.most_rows) {
            self.drop_rest()?;
        }
        Ok(())
    }

    /// Drops rows that are not asked for, where they are the larger part and there is memory to copy the others; whether it did.
    pub(crate) fn drop_rest(&mut self) -> Result<bool> {
        let (Some(first), InMemorySort::ByIndex(buffer)) = (&mut self.first, &mut self.buffer) else {
            return Ok(false);
        };
        let rows = buffer.len();
        let left = if first.leading == 0 {
            first.count.min(rows)
        } else {
            buffer.sort();
            buffer.first_of_groups(first.count, first.leading)
        };
        first.most_rows = left.saturating_mul(GROWTH).max(LEAST_ROWS);
        // Of long rows, the longest may be those that are left: then there is an error, and nothing has changed.
        let copied = buffer.bytes() / rows.max(1) * left + 2 * buffer.largest_page_bytes();
        if left > rows / 2 || !self.memory.try_reserve(copied) {
            return Ok(false);
        }
        let kept = match first.leading {
            0 => buffer.keep_first(first.count),
            leading => buffer.keep_first_of_groups(first.count, leading),
        };
        match kept {
            Ok(()) => Ok(true),
            Err(Error::OutOfMemory { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts what is in memory in order, without rows that are not asked for.
    pub(crate) fn order_rows(&mut self) {
        self.buffer.sort();
        if let (Some(first), InMemorySort::ByIndex(buffer)) = (&self.first, &mut self.buffer) {
            buffer.forget_rest_of_groups(first.count, first.leading);
        }
    }
}
