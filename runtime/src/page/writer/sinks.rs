//! Sinks, through which generated code writes the leaves of rows. A brand ties rows to the writer
//! that claimed them.

use std::marker::PhantomData;

use crate::page::brand::Brand;
use crate::page::plain::{ListElement, Plain};
use crate::page::slot::{self, INLINE_BYTES, Slot};
use crate::row::{LeafType, Physical, RowLayout};

use super::RowWriter;

/// A row to write: one that was claimed, or one that is written in place. It is written through the
/// sinks of its brand.
#[derive(Clone, Copy)]
pub struct NewRow<'w> {
    place: usize,
    brand: Brand<'w>,
}

impl NewRow<'_> {
    /// The row at a place of the writer or table whose sinks have the brand.
    pub(crate) fn at(place: usize) -> Self {
        NewRow { place, brand: PhantomData }
    }

    pub(crate) fn place(self) -> usize {
        self.place
    }
}

/// Claims rows and bytes for their variable parts, during a visit.
pub struct Claims<'w> {
    writer: &'w mut RowWriter,
    brand: Brand<'w>,
}

impl<'w> Claims<'w> {
    /// Claims a row with `heap` bytes of variable parts, and calls `write` to write it. Returns
    /// `None` if memory was refused. The visit then fails.
    ///
    /// If `write` unwinds, its row is dropped. A caller that catches the panic cannot put more
    /// rows, and the visit fails.
    #[inline(always)]
    pub fn put<R>(&mut self, heap: usize, write: impl FnOnce(NewRow<'w>, &mut Self) -> R) -> Option<R> {
        if self.writer.is_writing_row {
            self.writer.fail_unwritten();
            return None;
        }
        let place = self.writer.claim(heap)?;
        self.writer.is_writing_row = true;
        let result = write(NewRow { place, brand: PhantomData }, self);
        self.writer.is_writing_row = false;
        Some(result)
    }

    /// Returns `true` if every row was written to its end.
    pub(crate) fn is_whole(&self) -> bool {
        !self.writer.is_writing_row
    }

    /// The writer.
    pub(crate) fn writer(&mut self) -> &mut RowWriter {
        self.writer
    }

    /// Claims in a writer whose sinks have the brand.
    pub(crate) fn of(writer: &'w mut RowWriter) -> Self {
        Claims { writer, brand: PhantomData }
    }

    /// Returns `true` if a page is closed. The caller should then stop and let the page be taken.
    #[inline(always)]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.writer.has_sealed()
    }
}

/// Returns a layout's leaves in order, to make a sink of them.
pub struct SinkLeaves<'w> {
    base: *mut u8,
    scratch: *mut u8,
    layout: &'w RowLayout,
    next: usize,
    /// Leaves from here on are treated as dead.
    end: usize,
}

impl<'w> SinkLeaves<'w> {
    /// Leaves of rows that are written in place. The leaves of the range must be plain: a slot's
    /// variable part would have to be in the page of a newly claimed row.
    pub(crate) fn in_place(
        (base, scratch): (*mut u8, *mut u8),
        layout: &'w RowLayout,
        leaves: std::ops::Range<usize>,
    ) -> Self {
        SinkLeaves { base, scratch, layout, next: leaves.start, end: leaves.end }
    }
}

impl<'w> SinkLeaves<'w> {
    /// All leaves of a layout. `base` is the address of place 0, `scratch` the target of writes to
    /// dead leaves.
    pub(crate) fn all((base, scratch): (*mut u8, *mut u8), layout: &'w RowLayout) -> Self {
        SinkLeaves { base, scratch, layout, next: 0, end: layout.types().len() }
    }
}

impl SinkLeaves<'_> {
    /// Base and mask of the next leaf. A live leaf is at its offset in each row, a dead one always
    /// in the scratch.
    pub(super) fn next(&mut self, fits: impl FnOnce(LeafType) -> bool) -> (*mut u8, usize) {
        let leaf = self.next;
        self.next += 1;
        let known = self.layout.types().get(leaf).copied().is_some_and(fits);
        debug_assert!(known, "leaf {leaf} has another type than what is written");
        match self.layout.offset(leaf).filter(|_| known && leaf < self.end) {
            Some(offset) => (self.base.wrapping_add(offset), usize::MAX),
            None => (self.scratch, 0),
        }
    }
}

impl<'w> SinkLeaves<'w> {
    /// The next leaf, of plain values.
    pub fn plain<P: Plain>(&mut self) -> Out<'w, P> {
        let (base, mask) = self.next(|ty| ty.physical() != Physical::Slot && ty.width() == size_of::<P>());
        Out { base, mask, of: PhantomData }
    }

    /// Event time, if the layout has it after the record's leaves. Otherwise writes are discarded.
    pub fn event_time(&mut self) -> Out<'w, i64> {
        let is_time = self.layout.types().get(self.next) == Some(&LeafType::Timestamp);
        let (base, mask) = if is_time { self.next(|_| true) } else { (self.scratch, 0) };
        Out { base, mask, of: PhantomData }
    }

    /// The next leaf, of texts.
    pub fn text(&mut self) -> OutText<'w> {
        let (base, mask) = self.next(|ty| ty == LeafType::Text);
        OutText(OutBytes { base, mask, brand: PhantomData })
    }

    /// The next leaf, of byte strings.
    pub fn bytes(&mut self) -> OutBytes<'w> {
        let (base, mask) = self.next(|ty| ty == LeafType::Bytes);
        OutBytes { base, mask, brand: PhantomData }
    }

    /// The next leaf, of lists of texts, as bytes.
    pub fn texts(&mut self) -> OutBytes<'w> {
        let (base, mask) = self.next(|ty| ty == LeafType::Texts);
        OutBytes { base, mask, brand: PhantomData }
    }

    /// The next leaf, of lists.
    pub fn list<P: ListElement>(&mut self) -> OutList<'w, P> {
        let (base, mask) = self.next(|ty| matches!(ty, LeafType::List(element) if element.width() == size_of::<P>()));
        OutList { base, mask, of: PhantomData }
    }
}

/// A sink for a plain leaf.
pub struct Out<'w, P> {
    base: *mut u8,
    mask: usize,
    of: PhantomData<(Brand<'w>, P)>,
}

impl<P> Clone for Out<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Out<'_, P> {}

impl<'w, P: Plain> Out<'w, P> {
    /// Writes the leaf of a row.
    #[inline(always)]
    pub fn write(self, row: NewRow<'w>, value: P) {
        // SAFETY: sink and row share a brand: the row was claimed in the writer whose layout gave
        // the offset, or is a row of the table whose layout did, which `GroupTable::visit` borrows
        // mutably. A dead leaf has mask 0 and hits the writer's scratch, 16 bytes, as wide as any
        // plain value.
        unsafe { self.base.add(row.place & self.mask).cast::<P>().write_unaligned(value) }
    }
}

/// A sink for byte strings.
#[derive(Clone, Copy)]
pub struct OutBytes<'w> {
    base: *mut u8,
    mask: usize,
    brand: Brand<'w>,
}

impl<'w> OutBytes<'w> {
    /// Bytes to claim for a value, without the row's fixed part.
    #[inline(always)]
    #[must_use]
    pub fn heap_bytes(self, value: &[u8]) -> usize {
        self.heap_bytes_of(value.len())
    }

    /// Bytes to claim for a value of `bytes` bytes.
    #[inline(always)]
    #[must_use]
    pub fn heap_bytes_of(self, bytes: usize) -> usize {
        if bytes <= INLINE_BYTES { 0 } else { bytes & self.mask }
    }

    /// Writes the leaf of a row. Its claim must include [`OutBytes::heap_bytes`].
    #[inline(always)]
    pub fn write(self, row: NewRow<'w>, value: &[u8], claims: &mut Claims<'w>) {
        let at = self.base.wrapping_add(row.place & self.mask);
        let slot = if value.len() <= INLINE_BYTES {
            slot::inline(value)
        } else if self.mask == 0 {
            0
        } else {
            long_slot(value, at, claims.writer)
        };
        // SAFETY: as `Out::write`.
        unsafe { at.cast::<Slot>().write_unaligned(slot) }
    }
}

#[inline(never)]
fn long_slot(value: &[u8], at: *const u8, writer: &mut RowWriter) -> Slot {
    match writer.push_value(value, 1, at) {
        Some(place) => slot::outside(value, 0, place),
        None => {
            writer.fail_oversized();
            0
        }
    }
}

/// A sink for texts.
#[derive(Clone, Copy)]
pub struct OutText<'w>(OutBytes<'w>);

impl<'w> OutText<'w> {
    /// Bytes to claim for a value, without the row's fixed part.
    #[inline(always)]
    #[must_use]
    pub fn heap_bytes(self, value: &str) -> usize {
        self.0.heap_bytes(value.as_bytes())
    }

    /// Writes the leaf of a row. Its claim must include [`OutText::heap_bytes`].
    #[inline(always)]
    pub fn write(self, row: NewRow<'w>, value: &str, claims: &mut Claims<'w>) {
        self.0.write(row, value.as_bytes(), claims);
    }
}

/// A sink for lists.
pub struct OutList<'w, P> {
    base: *mut u8,
    mask: usize,
    of: PhantomData<(Brand<'w>, P)>,
}

impl<P> Clone for OutList<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for OutList<'_, P> {}

/// Alignment of lists from their page's start, so that they are read in place as slices.
pub(crate) const LIST_ALIGN: usize = 16;

impl<'w, P: ListElement> OutList<'w, P> {
    /// Bytes to claim for a value, with padding, without the row's fixed part.
    #[inline(always)]
    #[must_use]
    pub fn heap_bytes(self, value: &[P]) -> usize {
        if value.is_empty() { 0 } else { (size_of_val(value) + LIST_ALIGN) & self.mask }
    }

    /// Writes the leaf of a row. Its claim must include [`OutList::heap_bytes`].
    #[inline(always)]
    pub fn write(self, row: NewRow<'w>, value: &[P], claims: &mut Claims<'w>) {
        let at = self.base.wrapping_add(row.place & self.mask);
        let slot = if value.is_empty() || self.mask == 0 {
            0
        } else {
            // SAFETY: list elements are plain: no padding, so all their bytes are initialised.
            let bytes = unsafe { std::slice::from_raw_parts(value.as_ptr().cast::<u8>(), size_of_val(value)) };
            match claims.writer.push_value(bytes, LIST_ALIGN, at) {
                Some(place) => slot::list(value.len(), place),
                None => {
                    claims.writer.fail_oversized();
                    0
                }
            }
        };
        // SAFETY: as `Out::write`.
        unsafe { at.cast::<Slot>().write_unaligned(slot) }
    }
}
