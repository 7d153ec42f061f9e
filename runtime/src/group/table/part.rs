//! The rows of one part of a table, and those of them that were replaced.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::group::table::GroupTable;
use crate::memory::Memory;
use crate::memory::limits::SPILL_PARTS;
use crate::page::{Input, Page, RowWriter, Slot};
use crate::row::{Physical, RowLayout};

/// The lower half of a slot that says of its row that it was replaced: an empty value with something behind it, which no other slot is. It reads
/// as an empty value, so pages with such rows are sound to read.
const REPLACED: u64 = 0xFFFF_FFFF_0000_0000;

/// Rows of one part, in pages of their own.
pub(crate) struct Part {
    pub(crate) rows: RowWriter,
    /// Closed pages, oldest first.
    pub(crate) pages: VecDeque<Page>,
    /// At most so many bytes of them are of rows that were replaced by others, with what their slots point to; none where there is no such row.
    pub(crate) garbage: usize,
    /// The place of a replaced row that another may take, where the next such place stands in the upper half of its marking slot; 0 for none.
    free: usize,
}

impl Part {
    pub(crate) fn new(layout: &Arc<RowLayout>, memory: &Memory) -> Self {
        let rows = RowWriter::new(layout.clone(), memory.clone());
        Part { rows, pages: VecDeque::new(), garbage: 0, free: 0 }
    }

    /// Bytes of its closed pages, and of the open one.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        (self.pages.iter().map(Page::bytes).sum(), self.rows.open_run_bytes())
    }

    /// All its pages; it is empty then.
    pub(crate) fn take(&mut self) -> VecDeque<Page> {
        self.rows.seal();
        self.pages.extend(self.rows.take_sealed());
        (self.garbage, self.free) = (0, 0);
        std::mem::take(&mut self.pages)
    }

    /// Lets no row take the place of another: pages leave.
    pub(crate) fn forget_free(&mut self) {
        self.free = 0;
    }

    /// Its closed pages.
    pub(crate) fn take_closed(&mut self) -> VecDeque<Page> {
        self.forget_free();
        self.garbage = self.garbage.min(self.rows.open_run_bytes());
        std::mem::take(&mut self.pages)
    }
}

impl GroupTable {
    /// Whether rows are kept in parts.
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.parts.len() == SPILL_PARTS
    }

    /// Marks a row of a part as replaced; another may take its place. What its slots point to, `heap` bytes, stays until the page is
    /// rewritten.
    ///
    /// # Safety
    /// `place` is a row of this table that its index does not hold, and nobody holds anything of.
    pub(crate) unsafe fn free(&mut self, place: usize, part: usize, heap: usize) {
        let (Some(mark), width) = (self.mark, self.layout.width()) else { return };
        let part = &mut self.parts[part];
        let slot = u128::from(REPLACED) | (part.free as u128) << 64;
        // SAFETY: `mark` is the offset of a slot in the table's rows, one of which lies at `place`.
        unsafe { self.base.add(place + mark).cast::<Slot>().write_unaligned(slot) };
        part.free = place;
        part.garbage += width + heap;
    }

    /// A place that a row was taken from.
    #[inline(always)]
    pub(crate) fn take_free(&mut self, part: usize) -> Option<usize> {
        let place = self.parts[part].free;
        if place == 0 {
            return None;
        }
        self.take_place(part, place)
    }

    fn take_place(&mut self, part: usize, place: usize) -> Option<usize> {
        let (mark, width) = (self.mark?, self.layout.width());
        let part = &mut self.parts[part];
        // SAFETY: a free place is a row of this part's pages (when pages leave, free places are forgotten), with a slot at `mark`.
        let slot = unsafe { self.base.add(place + mark).cast::<Slot>().read_unaligned() };
        part.free = (slot >> 64) as usize;
        part.garbage -= width.min(part.garbage);
        Some(place)
    }

    /// Whether the row at a place was replaced.
    ///
    /// # Safety
    /// `place` is a row in a page of this table.
    pub(crate) unsafe fn is_replaced(&self, place: usize) -> bool {
        // SAFETY: `mark` is the offset of a slot in the table's rows.
        self.mark.is_some_and(|mark| unsafe {
            self.base.add(place + mark).cast::<Slot>().read_unaligned() as u64 == REPLACED
        })
    }

    /// The rows of a page that left a table of this layout which are still groups' rows.
    pub fn standing(&self, input: &Input<'_>, rows: &mut Vec<u32>) {
        rows.clear();
        let leaves = (0..self.layout.types().len()).filter(|&leaf| self.layout.offset(leaf).is_some());
        let slot = leaves.map(|leaf| input.batch().leaf(leaf)).find(|leaf| leaf.ty.physical() == Physical::Slot);
        let asked = input.selection().rows().iter();
        // SAFETY: an input's rows are rows of its batch, and the leaf is a slot.
        let stands = |row: &u32| slot.is_none_or(|leaf| unsafe { leaf.read::<Slot>(*row as usize) } as u64 != REPLACED);
        rows.extend(asked.copied().filter(stands));
    }
}
