//! Rows in memory, sorted by an index of their places.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod entries;
mod gather;
mod groups;
mod index;
mod keep;
mod paged;
mod radix;
mod room;
mod sorting;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod windows;

pub(crate) use entries::{KEY_BATCH, Segment};
pub(crate) use gather::{COPY_ROWS, Gather, whole_rows};
pub(crate) use index::RowIndex;
pub use index::SortedRows;
pub(crate) use paged::PagedRows;
pub(crate) use radix::sort_in_cache;

use std::cell::OnceCell;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::Result;
use crate::hash::prefetch_row;
use crate::memory::{Memory, Reservation};
use crate::page::{Input, LeafReader, RowWriter};
use crate::row::RowLayout;
use crate::sort::frozen::FrozenRows;
use crate::sort::key::{Encoding, WideKey, max_key_bits};
use crate::sort::order::OrderKey;

/// The distance in rows from the row that is read to the row that is prefetched.
const ROWS_AHEAD: usize = 32;

/// Rows in pages, and an index of their places in order.
///
/// Rows are sorted by keys of 8 bytes, or of 16 if the order needs them. A key holds as many leaves
/// of the order as fit. While rows are added, only the bounds of their values are maintained.
/// [`SortBuffer::sort`] creates keys and index. Their memory is reserved when rows are added, so
/// sorting cannot fail.
pub struct SortBuffer {
    rows: PagedRows,
    /// Number of rows. Less than `rows.len()` after a [`truncate`](SortBuffer::truncate).
    len: usize,
    /// In order if the rows are sorted, with `encoding` then set. Else created on demand, in the
    /// order in which rows were added.
    index: OnceCell<RowIndex>,
    encoding: Option<Encoding>,
    /// Memory of the index, and for creating it.
    index_memory: Reservation,
    memory: Memory,
    /// The position of the next row to emit.
    next: usize,
}

impl SortBuffer {
    /// Creates an empty buffer for rows of `layout`.
    ///
    /// # Errors
    /// Fails if the order names a leaf that the rows do not have, or if the region of pages cannot
    /// be mapped.
    pub fn new(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, memory: &Memory) -> Result<Self> {
        Ok(Self::over(PagedRows::new(layout, order.into(), memory)?, memory.reserve(0)?, memory))
    }

    fn over(rows: PagedRows, index_memory: Reservation, memory: &Memory) -> Self {
        let (index, memory) = (OnceCell::new(), memory.clone());
        SortBuffer { len: rows.len(), rows, index, encoding: None, index_memory, memory, next: 0 }
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes that it has reserved, for pages and for sorting.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.index_memory.bytes()
    }

    /// Upper bound of the bytes that [`SortBuffer::add`] reserves for an input. Sorting and
    /// emitting reserve nothing more.
    ///
    /// # Cost
    /// Constant for rows of plain values, else a read of each text and list slot.
    #[must_use]
    pub fn bytes_for(&self, input: &Input<'_>) -> usize {
        let index = self.index_bytes(self.len + input.len());
        self.rows.bytes_for(input) + index.saturating_sub(self.index_memory.bytes())
    }

    /// Reserves the memory to sort `rows` rows.
    fn prepare(&mut self, rows: usize) -> Result<()> {
        self.index_memory.resize(self.index_bytes(rows))
    }

    /// Bytes of the index of `rows` rows, and of the scratch memory for sorting it.
    fn index_bytes(&self, rows: usize) -> usize {
        match max_key_bits(&self.rows.leaves) {
            Some(0) => rows * size_of::<usize>(),
            Some(..=u64::BITS) => entries::bytes::<u64>(rows),
            _ => entries::bytes::<WideKey>(rows),
        }
    }

    /// Returns `true` if there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds rows whose leaves are those of the layout. The rows are no longer sorted then.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory). Cannot fail if
    /// [`SortBuffer::bytes_for`] the input were available.
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        self.index.take();
        (self.encoding, self.next) = (None, 0);
        self.prepare(self.len + input.len())?;
        let result = self.rows.add(input);
        self.len = self.rows.len();
        result
    }

    /// Converts the buffer to rows that tasks can share. No more rows can be added.
    #[must_use]
    pub fn freeze(mut self) -> FrozenRows {
        self.rows.seal();
        self.index();
        let index = self.index.take().unwrap_or(RowIndex::Places(Vec::new()));
        let (layout, pages) = self.rows.into_pages();
        FrozenRows::new(layout, pages, index, self.index_memory)
    }

    /// The places of the rows, in order if they are sorted.
    fn index(&self) -> &RowIndex {
        self.index.get_or_init(|| {
            let width = self.rows.layout.width();
            let mut places = Vec::with_capacity(self.len);
            places.extend(self.rows.segments().flat_map(|(first, rows)| (0..rows).map(move |row| first + row * width)));
            RowIndex::Places(places)
        })
    }

    /// The row at `position`, which must be less than the length.
    fn row(&self, position: usize) -> *const u8 {
        self.rows.base.wrapping_add(self.index().place(position))
    }

    /// Prefetches the row `ROWS_AHEAD` positions later, if there is one.
    #[inline(always)]
    pub fn prefetch_after(&self, position: usize) {
        if position + ROWS_AHEAD < self.len {
            let row = self.row(position + ROWS_AHEAD);
            prefetch_row(row, self.rows.layout.width().saturating_sub(1));
        }
    }

    fn gather(&self) -> Gather {
        self.rows.gather()
    }

    /// Drops all rows and frees their memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.index.take();
        self.index_memory.release();
        (self.len, self.encoding, self.next) = (0, None, 0);
    }

    /// Emits the next rows in order until a page of `out` is sealed. Returns `true` if rows are
    /// left.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is
    /// refused.
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        let (gather, rows) = (self.gather(), self.len);
        while self.next < rows && !out.has_sealed() {
            let (index, end) = (self.index(), self.page_end(self.next, rows));
            let count = end - self.next;
            gather.prefetch((end..rows.min(end + count)).map(|position| index.place(position)));
            let places: SmallVec<[usize; COPY_ROWS]> = (self.next..end).map(|position| index.place(position)).collect();
            // SAFETY: the index holds places of this buffer's rows.
            unsafe { gather.copy(&places, out)? };
            self.next = end;
        }
        Ok(self.next < rows)
    }

    /// Calls `f` with the leaves and the rows under a fresh brand. The rows are in the order in
    /// which they were added, or sorted after [`SortBuffer::sort`].
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'b> FnOnce(LeafReader<'b>, SortedRows<'b>) -> R) -> R {
        // SAFETY: read only at places of this buffer's rows, which `self` holds meanwhile.
        f(LeafReader::new(&unsafe { self.gather().batch() }), self.index().rows())
    }
}
