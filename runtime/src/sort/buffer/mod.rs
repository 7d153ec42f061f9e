//! Rows kept to be given back in order.

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

pub(crate) use entries::{KEYS, Segment};
pub(crate) use gather::{AT_ONCE, Gather, whole_rows};
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
use crate::sort::key::{Encoding, WideKey, most_bits};
use crate::sort::order::OrderKey;

/// The distance in rows from the row that is read to the row that is prefetched.
const ROWS_AHEAD: usize = 32;

/// Rows in pages, and where each is found once they are sorted.
///
/// Rows are sorted by keys of 8 bytes, or 16 where the order needs them, into which as many leaves go as fit. While rows are added, only what
/// bounds their values is kept; keys and places are made when they are sorted, in memory that was paid for when the rows came, so sorting
/// cannot fail.
pub struct SortBuffer {
    rows: PagedRows,
    /// How many rows count: less than there are once some were [forgotten](SortBuffer::truncate).
    len: usize,
    /// In order once the rows are sorted, with their encoding; else, when it is asked for, as the rows lie.
    index: OnceCell<RowIndex>,
    encoding: Option<Encoding>,
    /// For the index and for making it.
    paid: Reservation,
    memory: Memory,
    /// The next row that is emitted.
    next: usize,
}

impl SortBuffer {
    /// An empty buffer for rows of `layout`.
    ///
    /// # Errors
    /// When the order names a leaf that the rows do not have, or the region cannot be had.
    pub fn new(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, memory: &Memory) -> Result<Self> {
        Ok(Self::over(PagedRows::new(layout, order.into(), memory)?, memory.reserve(0)?, memory))
    }

    fn over(rows: PagedRows, paid: Reservation, memory: &Memory) -> Self {
        let (index, memory) = (OnceCell::new(), memory.clone());
        SortBuffer { len: rows.len(), rows, index, encoding: None, paid, memory, next: 0 }
    }

    /// How many rows it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory that it has reserved: its pages, and what sorting its rows takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.paid.bytes()
    }

    /// How many bytes more it would reserve to [add](SortBuffer::add) an input: at most. Nothing is reserved later, to sort or to
    /// [emit](SortBuffer::emit).
    ///
    /// Costs nothing for rows of plain values, and a look at each slot otherwise.
    #[must_use]
    pub fn bytes_for(&self, input: &Input<'_>) -> usize {
        let index = self.index_bytes(self.len + input.len());
        self.rows.bytes_for(input) + index.saturating_sub(self.paid.bytes())
    }

    /// Reserves the memory for sorting a number of rows.
    fn prepare(&mut self, rows: usize) -> Result<()> {
        self.paid.resize(self.index_bytes(rows))
    }

    /// Bytes of the index of a number of rows, and of the buffer that sorts it.
    fn index_bytes(&self, rows: usize) -> usize {
        match most_bits(&self.rows.leaves) {
            Some(0) => rows * size_of::<usize>(),
            Some(..=u64::BITS) => entries::bytes::<u64>(rows),
            _ => entries::bytes::<WideKey>(rows),
        }
    }

    /// Whether it holds no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds rows, whose leaves lie as in the layout. Rows that were sorted are so no more.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), unless there was room for [`SortBuffer::bytes_for`] the input.
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        self.index.take();
        (self.encoding, self.next) = (None, 0);
        self.prepare(self.len + input.len())?;
        let result = self.rows.add(input);
        self.len = self.rows.len();
        result
    }

    /// The rows, to which nobody adds any more.
    #[must_use]
    pub fn freeze(mut self) -> FrozenRows {
        self.rows.seal();
        self.index();
        let index = self.index.take().unwrap_or(RowIndex::Places(Vec::new()));
        let (layout, pages) = self.rows.into_pages();
        FrozenRows::new(layout, pages, index, self.paid)
    }

    /// Where the rows lie: in order where they are sorted.
    fn index(&self) -> &RowIndex {
        self.index.get_or_init(|| {
            let width = self.rows.layout.width();
            let mut places = Vec::with_capacity(self.len);
            places.extend(self.rows.segments().flat_map(|(first, rows)| (0..rows).map(move |row| first + row * width)));
            RowIndex::Places(places)
        })
    }

    /// The row at a position, which is below the length.
    fn row(&self, position: usize) -> *const u8 {
        self.rows.base.wrapping_add(self.index().place(position))
    }

    /// Prefetches the row that lies some rows after a position, if there is one.
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

    /// Gives all rows up, and their memory back.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.index.take();
        self.paid.release();
        (self.len, self.encoding, self.next) = (0, None, 0);
    }

    /// Writes the next rows in order until a page of `out` is closed; whether rows are left.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        let (gather, rows) = (self.gather(), self.len);
        while self.next < rows && !out.has_sealed() {
            let (index, end) = (self.index(), self.page_end(self.next, rows));
            let at_once = end - self.next;
            gather.prefetch((end..rows.min(end + at_once)).map(|position| index.place(position)));
            let places: SmallVec<[usize; AT_ONCE]> = (self.next..end).map(|position| index.place(position)).collect();
            // SAFETY: the index holds places of this buffer's rows.
            unsafe { gather.copy(&places, out)? };
            self.next = end;
        }
        Ok(self.next < rows)
    }

    /// Leaves and rows under a fresh brand: all rows, in the order in which they were added, or in theirs once they are sorted.
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'b> FnOnce(LeafReader<'b>, SortedRows<'b>) -> R) -> R {
        // SAFETY: read only at places of this buffer's rows, which `self` holds meanwhile.
        f(LeafReader::new(&unsafe { self.gather().batch() }), self.index().rows())
    }
}
