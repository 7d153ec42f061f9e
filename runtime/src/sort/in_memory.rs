//! The sort of what a task holds in memory: by moving rows where that is faster, else by an index of them.

use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Input, RowWriter};
use crate::row::RowLayout;
use crate::sort::buffer::SortBuffer;
use crate::sort::order::OrderKey;
use crate::sort::small_rows::{BucketSort, SharedSplitters};

/// Rows that are sorted in memory, and emitted.
#[expect(clippy::large_enum_variant, reason = "one for each task")]
pub enum InMemorySort {
    /// By an index: rows may be looked at, too.
    ByIndex(SortBuffer),
    /// By moving them.
    ByBuckets(BucketSort),
}

/// Calls a method of whichever it is.
macro_rules! either {
    ($sort:expr, $rows:ident => $call:expr) => {
        match $sort {
            InMemorySort::ByIndex($rows) => $call,
            InMemorySort::ByBuckets($rows) => $call,
        }
    };
}

impl InMemorySort {
    /// No row yet. Tasks whose rows are shared have one guess of splitters.
    ///
    /// # Errors
    /// When the order names a leaf that the rows do not have, or the region cannot be had.
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

    /// How many rows it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        either!(self, rows => rows.len())
    }

    /// Whether it holds no row.
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

    /// As [`SortBuffer::add`]; rows that are moved take no others while sorted ones are left.
    ///
    /// # Errors
    /// As there.
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        either!(self, rows => rows.add(input))
    }

    /// Puts the rows in order.
    pub fn sort(&mut self) {
        either!(self, rows => rows.sort());
    }

    /// As [`SortBuffer::emit`].
    ///
    /// # Errors
    /// As there.
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        either!(self, rows => rows.emit(out))
    }

    /// Gives all rows up, and their memory back.
    pub fn clear(&mut self) {
        either!(self, rows => rows.clear());
    }

    /// The rows, where they may be looked at.
    pub(crate) fn by_index(&self) -> Option<&SortBuffer> {
        match self {
            InMemorySort::ByIndex(rows) => Some(rows),
            InMemorySort::ByBuckets(_) => None,
        }
    }

    /// The rows, where they are moved.
    pub(crate) fn by_buckets(&mut self) -> Option<&mut BucketSort> {
        match self {
            InMemorySort::ByIndex(_) => None,
            InMemorySort::ByBuckets(rows) => Some(rows),
        }
    }
}
