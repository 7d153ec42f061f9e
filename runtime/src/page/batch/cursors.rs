//! Cursors, through which generated code reads the leaves of a batch. A brand ties rows to their
//! batch.

use std::marker::PhantomData;

use crate::page::brand::Brand;
use crate::page::plain::{ListElement, Plain};
use crate::page::slot;
use crate::page::slot::Slot;
use crate::row::{LeafType, Physical, RowLayout};

use super::{Batch, LeafPtr};

/// A row that may be read through the cursors of its brand.
#[derive(Clone, Copy)]
pub struct Row<'b> {
    pub(crate) index: usize,
    pub(crate) brand: Brand<'b>,
}

/// The rows of an [`Input`](super::Input).
#[derive(Clone, Copy)]
pub struct RowIds<'b> {
    pub(crate) rows: &'b [u32],
    pub(crate) brand: Brand<'b>,
}

impl<'b> RowIds<'b> {
    /// Number of rows.
    #[inline(always)]
    #[must_use]
    pub fn len(self) -> usize {
        self.rows.len()
    }

    /// Returns `true` if there are no rows.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order.
    #[inline(always)]
    pub fn iter(self) -> impl Iterator<Item = Row<'b>> {
        self.rows.iter().map(|&row| Row { index: row as usize, brand: PhantomData })
    }

    /// The row at a position of the selection.
    ///
    /// # Panics
    /// If the position is out of range.
    #[inline(always)]
    #[must_use]
    pub fn get(self, position: usize) -> Row<'b> {
        Row { index: self.rows[position] as usize, brand: PhantomData }
    }
}

/// Returns a batch's leaves in order, to make a cursor of them.
pub struct LeafReader<'b> {
    leaves: *const LeafPtr,
    left: usize,
    /// Set for a record of a list, whose leaves are found by its layout.
    item: Option<(&'b RowLayout, *const u8)>,
    brand: Brand<'b>,
}

impl<'b> LeafReader<'b> {
    #[inline(always)]
    pub(crate) fn new(batch: &Batch<'_>) -> Self {
        LeafReader { leaves: batch.leaves.as_ptr(), left: batch.leaves.len(), item: None, brand: PhantomData }
    }

    /// Reads leaves that live as long as the brand, and are valid for all its rows.
    pub(crate) fn of(leaves: &'b [LeafPtr]) -> Self {
        LeafReader { leaves: leaves.as_ptr(), left: leaves.len(), item: None, brand: PhantomData }
    }

    /// Reads the leaves of one record of a list. Every row gives that record.
    pub(crate) fn of_item(layout: &'b RowLayout, record: *const u8) -> Self {
        let left = layout.types().len();
        LeafReader { leaves: std::ptr::null(), left, item: Some((layout, record)), brand: PhantomData }
    }

    pub(super) fn next(&mut self, expected: LeafType, fits: impl FnOnce(LeafType) -> bool) -> LeafPtr {
        if self.left == 0 {
            debug_assert!(false, "a record has more leaves than its batch");
            return LeafPtr::dead(expected);
        }
        let leaf = match self.item {
            Some((layout, record)) => LeafPtr::of_list(layout, record, layout.types().len() - self.left, 0),
            // SAFETY: `left` leaves follow; they belong to the batch or table that `visit` holds
            // while the brand lives.
            None => unsafe { *self.leaves },
        };
        self.leaves = self.leaves.wrapping_add(1);
        self.left -= 1;
        if fits(leaf.ty) {
            leaf
        } else {
            debug_assert!(false, "a leaf of type {} where {expected} is read", leaf.ty);
            LeafPtr::dead(expected)
        }
    }

    /// Skips leaves.
    pub fn skip(&mut self, leaves: usize) {
        let leaves = leaves.min(self.left);
        self.leaves = self.leaves.wrapping_add(leaves);
        self.left -= leaves;
    }

    /// The next leaf, of plain values as wide as `P`.
    pub fn plain<P: Plain>(&mut self) -> Strided<'b, P> {
        let leaf = self.next(LeafType::U128, |ty| ty.physical() != Physical::Slot && ty.width() == size_of::<P>());
        Strided { base: leaf.base, stride: leaf.stride, of: PhantomData }
    }

    /// Event time, if it follows a record's leaves, else zeros.
    pub fn event_time(&mut self) -> Strided<'b, i64> {
        let leaf =
            if self.left > 0 { self.next(LeafType::Timestamp, |_| true) } else { LeafPtr::dead(LeafType::Timestamp) };
        let leaf = if leaf.ty == LeafType::Timestamp { leaf } else { LeafPtr::dead(LeafType::Timestamp) };
        Strided { base: leaf.base, stride: leaf.stride, of: PhantomData }
    }

    /// The next leaf, of texts.
    pub fn text(&mut self) -> StridedText<'b> {
        StridedText { leaf: self.next(LeafType::Text, |ty| ty == LeafType::Text), brand: PhantomData }
    }

    /// The next leaf, of byte strings.
    pub fn bytes(&mut self) -> StridedBytes<'b> {
        let leaf = self.next(LeafType::Bytes, |ty| matches!(ty, LeafType::Bytes | LeafType::Text));
        StridedBytes(StridedText { leaf, brand: PhantomData })
    }

    /// The next leaf, of lists of texts, as bytes.
    pub fn texts(&mut self) -> StridedBytes<'b> {
        let leaf = self.next(LeafType::Bytes, |ty| ty == LeafType::Texts);
        StridedBytes(StridedText { leaf, brand: PhantomData })
    }

    /// The next leaf, of lists.
    pub fn list<P: ListElement>(&mut self) -> StridedList<'b, P> {
        let fits = |ty| matches!(ty, LeafType::List(element) if element.width() == size_of::<P>());
        StridedList { leaf: self.next(LeafType::Bytes, fits), of: PhantomData }
    }
}

/// A leaf of plain values.
pub struct Strided<'b, P> {
    base: *const u8,
    stride: usize,
    of: PhantomData<(Brand<'b>, P)>,
}

impl<P> Clone for Strided<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Strided<'_, P> {}

impl<'b, P: Plain> Strided<'b, P> {
    /// The value of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> P {
        // SAFETY: cursor and row share a brand, so the row is in the batch or table. The width was
        // checked, and any bytes are a `P`.
        unsafe { self.base.add(row.index * self.stride).cast::<P>().read_unaligned() }
    }
}

/// A leaf of texts.
#[derive(Clone, Copy)]
pub struct StridedText<'b> {
    pub(super) leaf: LeafPtr,
    pub(super) brand: Brand<'b>,
}

impl<'b> StridedText<'b> {
    #[inline(always)]
    fn bytes(self, row: Row<'b>) -> &'b [u8] {
        // SAFETY: cursor and row share a brand; the leaf was checked to be a slot; texts have
        // elements of one byte.
        unsafe { self.leaf.bytes(row.index, 1) }
    }

    /// The text of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> &'b str {
        // SAFETY: the leaf was checked to be text. Text leaves hold bytes that `OutText` wrote, or
        // a column of checked UTF-8.
        unsafe { std::str::from_utf8_unchecked(self.bytes(row)) }
    }
}

/// A leaf of byte strings.
#[derive(Clone, Copy)]
pub struct StridedBytes<'b>(pub(super) StridedText<'b>);

impl<'b> StridedBytes<'b> {
    /// The bytes of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> &'b [u8] {
        self.0.bytes(row)
    }

    /// The bytes of a row's list of records.
    #[inline(always)]
    pub(crate) fn record_bytes(self, row: Row<'b>) -> &'b [u8] {
        let leaf = self.0.leaf;
        // SAFETY: cursor and row share a brand; the leaf was checked to be a slot, and its type
        // gives the width of its elements.
        unsafe { leaf.bytes(row.index, leaf.ty.element_width()) }
    }
}

/// A leaf of lists.
pub struct StridedList<'b, P> {
    leaf: LeafPtr,
    of: PhantomData<(Brand<'b>, P)>,
}

impl<P> Clone for StridedList<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for StridedList<'_, P> {}

impl<'b, P: ListElement> StridedList<'b, P> {
    /// The list of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> &'b [P] {
        // SAFETY: cursor and row share a brand; the leaf is a slot. Lists with elements wider than
        // one byte are never inline. They are written aligned (16 bytes from the page's start,
        // which is itself aligned), so the cast is aligned too. The check covers columns and
        // one-byte elements.
        unsafe {
            let at = self.leaf.base.add(row.index * self.leaf.stride);
            let slot = at.cast::<Slot>().read_unaligned();
            let length = slot::length(slot);
            if length == 0 {
                return &[];
            }
            let start = self.leaf.outside(at, slot).cast::<P>();
            if !start.is_aligned() {
                debug_assert!(false, "a misaligned list");
                return &[];
            }
            std::slice::from_raw_parts(start, length)
        }
    }
}
