//! The index of a buffer: the places of its rows.

use std::marker::PhantomData;

use crate::page::Row;
use crate::sort::buffer::table::Table;
use crate::sort::key::WideKey;

/// The places of rows: as they were added, or in order with the keys that they were sorted by.
pub(crate) enum RowIndex {
    Places(Vec<usize>),
    Narrow(Table<(u64, usize)>),
    Wide(Table<(WideKey, usize)>),
}

impl RowIndex {
    pub(crate) fn len(&self) -> usize {
        match self {
            RowIndex::Places(places) => places.len(),
            RowIndex::Narrow(entries) => entries.len(),
            RowIndex::Wide(entries) => entries.len(),
        }
    }

    /// The place of the row at `position`, which must be less than the length.
    pub(crate) fn place(&self, position: usize) -> usize {
        match self {
            RowIndex::Places(places) => places[position],
            RowIndex::Narrow(entries) => entries[position].1,
            RowIndex::Wide(entries) => entries[position].1,
        }
    }

    /// Moves the entries of a range of positions to a position before it.
    pub(crate) fn move_down(&mut self, from: std::ops::Range<usize>, to: usize) {
        match self {
            RowIndex::Places(places) => places.copy_within(from, to),
            RowIndex::Narrow(entries) => entries.copy_within(from, to),
            RowIndex::Wide(entries) => entries.copy_within(from, to),
        }
    }

    /// The rows, under a brand that the caller guarantees.
    #[inline(always)]
    pub(crate) fn rows(&self) -> SortedRows<'_> {
        let (first, stride) = match self {
            RowIndex::Places(places) => (places.as_ptr(), size_of::<usize>()),
            RowIndex::Narrow(entries) => (place_of(entries), size_of::<(u64, usize)>()),
            RowIndex::Wide(entries) => (place_of(entries), size_of::<(WideKey, usize)>()),
        };
        SortedRows { first, stride, rows: self.len(), brand: PhantomData }
    }
}

/// The address of the first entry's place.
fn place_of<K>(entries: &[(K, usize)]) -> *const usize {
    entries.as_ptr().cast::<u8>().wrapping_add(std::mem::offset_of!((K, usize), 1)).cast()
}

/// The rows of a [`SortBuffer`](crate::sort::buffer::SortBuffer), as places under a brand.
#[derive(Clone, Copy)]
pub struct SortedRows<'b> {
    /// The first row's place, in an index that lives as long as the brand. The next row's place is
    /// `stride` bytes later.
    first: *const usize,
    stride: usize,
    rows: usize,
    brand: PhantomData<fn(&'b ()) -> &'b ()>,
}

impl<'b> SortedRows<'b> {
    /// The number of rows.
    #[must_use]
    pub fn len(self) -> usize {
        self.rows
    }

    /// Returns `true` if there are no rows.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.rows == 0
    }

    /// The row at `position`. `None` if there are not as many rows.
    #[inline(always)]
    #[must_use]
    pub fn get(self, position: usize) -> Option<Row<'b>> {
        // SAFETY: `rows` places lie `stride` bytes apart in an index that is not changed while the
        // brand lives.
        let place = |position| unsafe { self.first.byte_add(position * self.stride).read() };
        (position < self.rows).then(|| Row { index: place(position), brand: PhantomData })
    }

    /// The rows at some positions. Positions out of range are left out.
    #[must_use]
    pub fn slice(self, positions: std::ops::Range<usize>) -> Self {
        let end = positions.end.min(self.rows);
        let start = positions.start.min(end);
        SortedRows { first: self.first.wrapping_byte_add(start * self.stride), rows: end - start, ..self }
    }
}
