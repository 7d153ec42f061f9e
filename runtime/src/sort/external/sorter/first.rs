//! Sorts that keep only the first rows: of all rows, or of each group.
//!
//! `top`, `top` of groups and `sample_n` use them. When the rows have grown to [`GROWTH`] times the
//! rows that were kept last, the others are dropped. So the cost per row is constant. Rows that do
//! not fit memory are written to disk as a sorted run, with at most `count` rows of each group. So
//! none of the three operators has a memory limit of its own.
//!
//! Before the sort, `top` of groups drops rows that cannot be among the first `count`
//! (`operators/top/cutoff`). With groups of 100 rows and `count` 2, that drops nine rows in ten and
//! halves the time. The cutoff does not change the result. So its table may be full, and is dropped
//! if it does not help.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::TaskContext;
use crate::row::RowLayout;
use crate::sort::external::sorter::Sorter;
use crate::sort::in_memory::InMemorySort;
use crate::sort::order::OrderKey;

/// Rows up to this number are all kept.
const MIN_ROWS: usize = 16 << 10;

/// Rows are dropped if there are this many times the rows that were kept last.
const GROWTH: usize = 3;

/// The rows that are needed.
pub(crate) struct FirstRows {
    /// Rows of each group.
    count: usize,
    /// A group is a set of rows that agree in this number of first leaves of the order. If it is 0,
    /// all rows are one group.
    leading: usize,
    /// If there are more rows, the unneeded ones are dropped.
    max_rows: usize,
}

impl Sorter {
    /// As [`Sorter::indexed`], but keeps only the first `count` rows of each group. Rows of a group
    /// agree in the first `leading` leaves of the order. If `leading` is 0, all rows are one group.
    ///
    /// The buffer and each run hold no other rows when they are complete. The merge of runs may
    /// emit more.
    ///
    /// # Errors
    /// As [`Sorter::new`].
    pub fn first_of_groups(
        layout: Arc<RowLayout>,
        order: impl Into<Box<[OrderKey]>>,
        count: usize,
        leading: usize,
        context: &TaskContext,
    ) -> Result<Self> {
        let first = Some(FirstRows { count, leading, max_rows: MIN_ROWS });
        Ok(Sorter { first, ..Self::indexed(layout, order, context)? })
    }

    /// Drops unneeded rows if the number of rows has grown enough.
    pub(crate) fn drop_excess_if_many(&mut self) -> Result<()> {
        if self.first.as_ref().is_some_and(|first| self.buffer.len() > first.max_rows) {
            self.drop_excess()?;
        }
        Ok(())
    }

    /// Drops unneeded rows. Returns `false` and does nothing if they are the smaller part, or if
    /// memory to copy the others is refused.
    pub(crate) fn drop_excess(&mut self) -> Result<bool> {
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
        first.max_rows = left.saturating_mul(GROWTH).max(MIN_ROWS);
        // The estimate may be too low if the longest rows are kept. Then copying fails, and nothing
        // has changed.
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

    /// Sorts the rows in memory, and drops those that are not needed.
    pub(crate) fn sort_buffer(&mut self) {
        self.buffer.sort();
        if let (Some(first), InMemorySort::ByIndex(buffer)) = (&self.first, &mut self.buffer) {
            buffer.truncate_groups(first.count, first.leading);
        }
    }
}
