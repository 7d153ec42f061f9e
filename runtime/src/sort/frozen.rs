//! Rows that are complete, so that tasks can share them.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

use std::sync::Arc;

use crate::error::Result;
use crate::memory::Reservation;
use crate::page::{Batch, LeafPtr, LeafReader, Page, address_of};
use crate::row::RowLayout;
use crate::sort::buffer::{RowIndex, SortedRows};

/// A complete [`SortBuffer`](crate::sort::buffer::SortBuffer).
pub struct FrozenRows {
    layout: Arc<RowLayout>,
    /// The pages that places refer to.
    _pages: Vec<Page>,
    index: RowIndex,
    _index_memory: Reservation,
}

impl FrozenRows {
    pub(crate) fn new(
        layout: Arc<RowLayout>,
        pages: Vec<Page>,
        index: RowIndex,
        index_memory: Reservation,
    ) -> FrozenRows {
        FrozenRows { layout, _pages: pages, index, _index_memory: index_memory }
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns `true` if there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.len() == 0
    }

    /// Calls `f` with the leaves and the rows under a fresh brand.
    ///
    /// # Errors
    /// Fails if the region of pages cannot be mapped. Cannot fail if there are rows.
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'b> FnOnce(LeafReader<'b>, SortedRows<'b>) -> R) -> Result<R> {
        let base = address_of(0)?;
        let leaves = (0..self.layout.types().len()).map(|leaf| LeafPtr::stored(&self.layout, base, leaf));
        // SAFETY: read only at places of these rows, whose pages live as long as `self`, which the
        // batch borrows.
        let batch = unsafe { Batch::from_leaves(usize::MAX, leaves) };
        Ok(f(LeafReader::new(&batch), self.index.rows()))
    }
}
