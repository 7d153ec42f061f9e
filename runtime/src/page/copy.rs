//! Copies rows from any batch into pages. Exchanges, sorts and tables use this.

use smallvec::SmallVec;

use crate::error::Result;
use crate::row::{LeafType, Physical};

use super::batch::{Batch, Input, LeafPtr, Selection};
use super::pair_rows::RowPairs;
use super::sealed::OneRow;
use super::slot;
use super::slot::{INLINE_BYTES, Slot};
use super::writer::{LIST_ALIGN, RowWriter};

impl RowWriter {
    /// Copies the selected rows. Leaf `i` of the layout is read from leaf `leaves[i]` of the batch,
    /// or from leaf `i` if `leaves` is `None`.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), or [`Data`](crate::error::Error::Data) if
    /// a row is too large.
    pub fn append(&mut self, input: &Input<'_>, leaves: Option<&[usize]>) -> Result<()> {
        let rows: SmallVec<[usize; 64]> = input.selection().rows().iter().map(|&row| row as usize).collect();
        // SAFETY: an input's rows are rows of its batch.
        unsafe { self.append_rows(input.batch(), leaves, &rows, |_, _| ()) }
    }

    /// Copies one row, leaf by leaf.
    ///
    /// # Errors
    /// As [`RowWriter::append`].
    pub fn append_row(&mut self, row: OneRow<'_>) -> Result<()> {
        let (page, row) = row.place();
        let mut one = Selection::default();
        one.set([row as u32]);
        self.append(&Input::new(&page.batch(), &one), None)
    }

    /// As [`RowWriter::append`], for rows by number. `placed` receives each row's index in `rows`,
    /// and its place.
    ///
    /// # Safety
    /// `rows` are rows of `batch`.
    pub(crate) unsafe fn append_rows(
        &mut self,
        batch: &Batch<'_>,
        leaves: Option<&[usize]>,
        rows: &[usize],
        mut placed: impl FnMut(usize, usize),
    ) -> Result<()> {
        let layout = self.layout().clone();
        let parts: SmallVec<[LeafCopy; 16]> = (0..layout.types().len())
            .filter_map(|leaf| {
                let offset = layout.offset(leaf)?;
                let from = source_leaf(batch, leaves.map_or(leaf, |leaves| leaves[leaf]), layout.types()[leaf]);
                Some(LeafCopy { from, offset })
            })
            .collect();
        let slots: SmallVec<[LeafPtr; 8]> =
            parts.iter().map(|part| part.from).filter(|from| from.ty.physical() == Physical::Slot).collect();
        let mut places: SmallVec<[usize; 64]> = SmallVec::new();
        let mut done = 0;
        while done < rows.len() {
            places.clear();
            // A segment: rows of one page that are copied leaf by leaf. A row with variable parts
            // is a segment by itself, because it uses the bytes claimed for it. The first row may
            // open a new page.
            // SAFETY: `rows` are rows of the batch, by the caller's promise.
            let heap = unsafe { heap_bytes(&slots, rows[done]) };
            let Some(first) = self.claim(heap) else { return self.check() };
            places.push(first);
            if heap == 0 {
                let most = self.free_rows().min(rows.len() - done - 1);
                let rest = &rows[done + 1..done + 1 + most];
                // SAFETY: as above.
                let more = rest.iter().take_while(|&&row| unsafe { heap_bytes(&slots, row) } == 0).count();
                places.extend((1..=more).map(|index| first + index * layout.width()));
                self.claim_rows(more);
            }
            // SAFETY: as above; the places were claimed for these rows, with the heap bytes of the
            // first.
            unsafe { self.copy_leaves(&parts, &rows[done..done + places.len()], &places) };
            places.iter().enumerate().for_each(|(index, &place)| placed(done + index, place));
            done += places.len();
        }
        Ok(())
    }

    /// Copies pairs from position `from` on, until a page is closed. The first `left_leaves` leaves
    /// of the layout come from the left record, the others from the right one. Returns the position
    /// of the first pair that was not copied.
    ///
    /// # Errors
    /// As [`RowWriter::append`].
    pub fn append_pairs(&mut self, pairs: &RowPairs<'_>, from: usize, left_leaves: usize) -> Result<usize> {
        let layout = self.layout().clone();
        let sides = [(pairs.side(0), 0..left_leaves), (pairs.side(1), left_leaves..layout.types().len())];
        let sides = sides.map(|((batch, rows), leaves)| {
            let part = |leaf: usize| {
                let offset = layout.offset(leaf)?;
                Some(LeafCopy { from: source_leaf(batch, leaf - leaves.start, layout.types()[leaf]), offset })
            };
            let parts: SmallVec<[LeafCopy; 16]> = leaves.clone().filter_map(part).collect();
            let slots = parts.iter().map(|part| part.from).filter(|from| from.ty.physical() == Physical::Slot);
            let slots: SmallVec<[LeafPtr; 8]> = slots.collect();
            (parts, slots, rows)
        });
        let heap = |pair: usize| -> usize {
            // SAFETY: the rows are rows of the batches that the pairs are made of.
            sides.iter().map(|(_, slots, rows)| unsafe { heap_bytes(slots, rows[pair]) }).sum()
        };
        let mut places: SmallVec<[usize; 64]> = SmallVec::new();
        let mut done = from;
        while done < pairs.len() && !self.has_sealed() {
            // Segments as in `append_rows`.
            places.clear();
            let bytes = heap(done);
            let Some(first) = self.claim(bytes) else { return self.check().map(|()| done) };
            places.push(first);
            if bytes == 0 {
                let most = self.free_rows().min(pairs.len() - done - 1);
                let more = (done + 1..done + 1 + most).take_while(|&pair| heap(pair) == 0).count();
                places.extend((1..=more).map(|index| first + index * layout.width()));
                self.claim_rows(more);
            }
            for (parts, _, rows) in &sides {
                // SAFETY: as above; the places were claimed for these pairs, with the heap bytes of
                // the first.
                unsafe { self.copy_leaves(parts, &rows[done..done + places.len()], &places) };
            }
            done += places.len();
        }
        Ok(done)
    }

    /// # Safety
    /// For each `i`, `rows[i]` is a row of the batch that the parts read. Either `places[i]` was
    /// claimed for it, or it is the place of a row of the layout in a page that the caller owns,
    /// and the row's slots need no heap bytes.
    pub(crate) unsafe fn copy_leaves(&mut self, parts: &[LeafCopy], rows: &[usize], places: &[usize]) {
        let Some(start) = self.region_start() else { return };
        for part in parts {
            let to = start.wrapping_add(part.offset);
            // SAFETY: the caller's promise; each arm copies the leaf's own width to its own offset.
            unsafe {
                match part.from.ty.physical() {
                    Physical::W1 => copy_leaf::<u8>(part.from, rows, to, places),
                    Physical::W2 => copy_leaf::<u16>(part.from, rows, to, places),
                    Physical::W4 => copy_leaf::<u32>(part.from, rows, to, places),
                    Physical::W8 => copy_leaf::<u64>(part.from, rows, to, places),
                    Physical::W16 => copy_leaf::<u128>(part.from, rows, to, places),
                    Physical::Slot => self.copy_slots(part.from, rows, to, places),
                }
            }
        }
    }

    /// # Safety
    /// As [`RowWriter::copy_leaves`], for a slot leaf; the rows' heap bytes were claimed.
    unsafe fn copy_slots(&mut self, from: LeafPtr, rows: &[usize], to: *mut u8, places: &[usize]) {
        let width = from.ty.element_width();
        for (&row, &place) in rows.iter().zip(places) {
            // SAFETY: the caller's promise.
            unsafe {
                let slot: Slot = from.read(row);
                let length = slot::length(slot);
                let moved = if length == 0 || (width == 1 && length <= INLINE_BYTES) {
                    slot
                } else {
                    let align = if width == 1 { 1 } else { LIST_ALIGN };
                    self.push_heap(from.bytes(row, width), align).map_or(0, |place| slot::moved(slot, place))
                };
                to.add(place).cast::<Slot>().write_unaligned(moved);
            }
        }
    }
}

/// The leaf of a batch that fills a leaf of type `ty`. A dead leaf if it does not fit the type. So
/// zeros replace the old bytes of a page, and bytes never become text unchecked.
pub(crate) fn source_leaf(batch: &Batch<'_>, leaf: usize, ty: LeafType) -> LeafPtr {
    let from = batch.leaf(leaf);
    let fits = match ty.physical() {
        Physical::Slot => from.ty == ty || (from.ty == LeafType::Text && ty == LeafType::Bytes),
        physical => from.ty.physical() == physical,
    };
    if fits { from } else { LeafPtr::dead(ty) }
}

/// A leaf to copy, and its offset in the target rows.
#[derive(Clone, Copy)]
pub(crate) struct LeafCopy {
    pub(crate) from: LeafPtr,
    pub(crate) offset: usize,
}

impl LeafCopy {
    /// Bytes that it fills in a row.
    pub(crate) fn width(&self) -> usize {
        self.from.ty.width()
    }
}

/// # Safety
/// `rows` are rows of the leaf's batch, `P` has its width, `to + place` was claimed for each place.
#[inline(always)]
unsafe fn copy_leaf<P: Copy>(from: LeafPtr, rows: &[usize], to: *mut u8, places: &[usize]) {
    for (&row, &place) in rows.iter().zip(places) {
        // SAFETY: the caller's promise.
        unsafe { to.add(place).cast::<P>().write_unaligned(from.read(row)) }
    }
}

/// Upper bound of the heap bytes of a row: the bytes that its slots point to, with padding.
///
/// # Safety
/// `row` is a row of the leaves' batch.
#[inline]
pub(crate) unsafe fn heap_bytes(slots: &[LeafPtr], row: usize) -> usize {
    slots
        .iter()
        .map(|leaf| {
            let width = leaf.ty.element_width();
            // SAFETY: the caller's promise.
            let length = slot::length(unsafe { leaf.read(row) });
            match width {
                1 if length <= INLINE_BYTES => 0,
                1 => length,
                _ if length == 0 => 0,
                _ => length * width + LIST_ALIGN,
            }
        })
        .sum()
}
