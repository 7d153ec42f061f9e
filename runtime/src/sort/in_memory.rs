//! The in-memory sort of a task: moves small rows, and sorts others by an index.

use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Input, RowWriter};
use crate::row::RowLayout;
use crate::sort::buffer::SortBuffer;
use crate::sort::order::OrderKey;
use crate::sort::small_rows::{BucketSort, SharedSplitters};

/// Rows in memory that are sorted and emitted.
#[expect(clippy::large_enum_variant, reason = "one for each task")]
pub enum InMemorySort {
    /// Sorted by an index. The rows can also be read in place.
    ByIndex(SortBuffer),
    /// Sorted by moving the rows.
    ByBuckets(BucketSort),
}

/// Calls a method of either variant.
macro_rules! either {
    ($sort:expr, $rows:ident => $call:expr) => {
        match $sort {
            InMemorySort::ByIndex($rows) => $call,
            InMemorySort::ByBuckets($rows) => $call,
        }
    };
}

impl InMemorySort {
    /// Creates it without rows. Tasks that share rows must have the same `splitters`.
    ///
    /// # Errors
    /// Fails if the order names a leaf that the rows do not have, or if the region of pages cannot
    /// be mapped.
    pub fn new(
        splitters: Arc<SharedSplitters>,
        layout: Arc<RowLayout>,
        order: &[OrderKey],
        memory: &Memory,
    ) -> Result<Self> {
        Ok(match BucketSort::of(splitters, &layout, order, memory)? {
            Some(buckets) => InMemorySort::ByBuckets(buckets),
            None => InMemorySort::ByIndex(SortBuffer::new(layout, order, memory)?),
        })
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        either!(self, rows => rows.len())
    }

    /// Returns `true` if there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As [`SortBuffer::bytes`].
    #[must_use]
    pub fn bytes(&self) -> usize {
        either!(self, rows => rows.bytes())
    }

    /// As [`SortBuffer::bytes_for`].
    #[must_use]
    pub fn bytes_for(&self, input: &Input<'_>) -> usize {
        either!(self, rows => rows.bytes_for(input))
    }

    /// As [`SortBuffer::largest_page_bytes`].
    #[must_use]
    pub fn largest_page_bytes(&self) -> usize {
        either!(self, rows => rows.largest_page_bytes())
    }

    /// As [`SortBuffer::add`]. With `ByBuckets` it fails while sorted rows are left.
    ///
    /// # Errors
    /// As [`SortBuffer::add`].
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        either!(self, rows => rows.add(input))
    }

    /// Sorts the rows.
    pub fn sort(&mut self) {
        either!(self, rows => rows.sort());
    }

    /// As [`SortBuffer::emit`].
    ///
    /// # Errors
    /// As [`SortBuffer::emit`].
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        either!(self, rows => rows.emit(out))
    }

    /// Drops all rows and frees their memory.
    pub fn clear(&mut self) {
        either!(self, rows => rows.clear());
    }

    /// The rows, if they are sorted by an index.
    pub(crate) fn by_index(&self) -> Option<&SortBuffer> {
        match self {
            InMemorySort::ByIndex(rows) => Some(rows),
            InMemorySort::ByBuckets(_) => None,
        }
    }

    /// The rows, if they are sorted by moving them.
    pub(crate) fn by_buckets(&mut self) -> Option<&mut BucketSort> {
        match self {
            InMemorySort::ByIndex(_) => None,
            InMemorySort::ByBuckets(rows) => Some(rows),
        }
    }
}
