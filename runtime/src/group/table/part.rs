//! The rows of one part of a table, and those of them that were replaced.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::group::table::GroupTable;
use crate::group::table::parting::PartSet;
use crate::memory::Memory;
use crate::memory::limits::SPILL_PARTS;
use crate::page::{Input, OwnedRows, Page, PageMut, Slot};
use crate::row::{Physical, RowLayout};

/// The lower half of a slot that says of its row that it was replaced: an empty value with something behind it, which no other slot is. It reads
/// as an empty value, so pages with such rows are sound to read.
const REPLACED: u64 = 0xFFFF_FFFF_0000_0000;

/// Where a row says that it was replaced or deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    /// In the slot at this offset: [`REPLACED`] below, the place of the next row that may be taken above.
    Slot(usize),
    /// In eight bytes at this offset, which are zero in all other rows: the place of the next row that may be taken, and a bit.
    Word(usize),
}

/// The bit that tells such a word from zero. Places are multiples of eight.
const DELETED: u64 = 1;

/// Rows of one part, in pages of their own.
pub(crate) struct Part {
    pub(crate) rows: OwnedRows,
    /// At most so many bytes of its pages are of rows that were replaced by others, with what their slots point to; none where there is no such row.
    pub(crate) garbage: usize,
    /// The place of a replaced row that another may take, where the next such place stands in the upper half of its marking slot; 0 for none.
    free: usize,
    /// The first places of such chains that are set aside while the table is pinned.
    held: Vec<usize>,
}

impl Part {
    pub(crate) fn new(layout: &Arc<RowLayout>, memory: &Memory) -> Self {
        let rows = OwnedRows::new(layout.clone(), memory.clone());
        Part { rows, garbage: 0, free: 0, held: Vec::new() }
    }

    /// Bytes of its closed pages, and of the open one.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        (self.rows.pages().iter().map(PageMut::bytes).sum(), self.rows.writer().open_run_bytes())
    }

    /// All its pages; it is empty then.
    pub(crate) fn take(&mut self) -> VecDeque<PageMut> {
        self.garbage = 0;
        self.forget_free();
        self.rows.take()
    }

    /// All its pages, for others to read; it is empty then.
    pub(crate) fn take_frozen(&mut self) -> VecDeque<Page> {
        self.take().into_iter().map(PageMut::freeze).collect()
    }

    /// Lets no row take the place of another: pages leave.
    pub(crate) fn forget_free(&mut self) {
        self.free = 0;
        self.held.clear();
    }

    /// Sets the free places aside while the table is [pinned](GroupTable::pin).
    fn hold_free(&mut self) {
        if self.free != 0 {
            self.held.push(std::mem::take(&mut self.free));
        }
    }

    /// Its closed pages, for others to read.
    pub(crate) fn take_closed(&mut self) -> VecDeque<Page> {
        self.forget_free();
        self.garbage = self.garbage.min(self.rows.writer().open_run_bytes());
        self.rows.take_collected().into_iter().map(PageMut::freeze).collect()
    }
}

impl GroupTable {
    /// Keeps pages as they are, apart from those of some parts: places that are free now are not
    /// reused, and nothing is compacted. The caller looks after pages that are written or that leave.
    pub(crate) fn pin(&mut self, but: &PartSet) {
        self.parts.iter_mut().zip(but).filter(|(_, but)| !**but).for_each(|(part, _)| part.hold_free());
        self.is_pinned = true;
    }

    /// Ends [`GroupTable::pin`].
    pub(crate) fn unpin(&mut self) {
        self.is_pinned = false;
    }

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
        // SAFETY: the mark's offset is that of a slot, or of eight bytes, in the table's rows, one of which lies at `place`.
        unsafe {
            match mark {
                Mark::Slot(offset) => {
                    let slot = u128::from(REPLACED) | (part.free as u128) << 64;
                    self.in_place.write::<Slot>(place + offset, slot);
                }
                Mark::Word(offset) => {
                    self.in_place.write(place + offset, part.free as u64 | DELETED);
                }
            }
        }
        part.free = place;
        part.garbage += width + heap;
    }

    /// A place that a row was taken from.
    #[inline(always)]
    pub(crate) fn take_free(&mut self, part: usize) -> Option<usize> {
        let place = self.parts[part].free;
        if place == 0 {
            return if self.parts[part].held.is_empty() { None } else { self.take_held(part) };
        }
        self.take_place(part, place)
    }

    /// The first of the places that were set aside, unless the table is still pinned.
    #[cold]
    fn take_held(&mut self, part: usize) -> Option<usize> {
        if self.is_pinned {
            return None;
        }
        let place = self.parts[part].held.pop()?;
        self.take_place(part, place)
    }

    fn take_place(&mut self, part: usize, place: usize) -> Option<usize> {
        let (mark, width) = (self.mark?, self.layout.width());
        let part = &mut self.parts[part];
        // SAFETY: a free place is a row of this part's pages (when pages leave, free places are forgotten), with a slot, or eight bytes,
        // at the mark's offset.
        part.free = unsafe {
            match mark {
                Mark::Slot(offset) => (self.base.add(place + offset).cast::<Slot>().read_unaligned() >> 64) as usize,
                Mark::Word(offset) => {
                    (self.base.add(place + offset).cast::<u64>().read_unaligned() & !DELETED) as usize
                }
            }
        };
        part.garbage -= width.min(part.garbage);
        Some(place)
    }

    /// Whether the row at a place was replaced or deleted.
    ///
    /// # Safety
    /// `place` is a row in a page of this table.
    pub(crate) unsafe fn is_replaced(&self, place: usize) -> bool {
        // SAFETY: the mark's offset is that of a slot, or of eight bytes, in the table's rows.
        self.mark.is_some_and(|mark| unsafe {
            match mark {
                Mark::Slot(offset) => self.base.add(place + offset).cast::<Slot>().read_unaligned() as u64 == REPLACED,
                Mark::Word(offset) => self.base.add(place + offset).cast::<u64>().read_unaligned() != 0,
            }
        })
    }

    /// The rows of a page that left a table of this layout which are still groups' rows.
    pub fn live_rows(&self, input: &Input<'_>, rows: &mut Vec<u32>) {
        let hidden = matches!(self.mark, Some(Mark::Word(_))).then_some(self.leaves);
        live_rows(input, &self.layout, hidden, rows);
    }
}

/// The rows of a page of a table of this layout that were not replaced or deleted; `hidden` is the leaf that says so, where it is not the first slot.
pub(crate) fn live_rows(input: &Input<'_>, layout: &RowLayout, hidden: Option<usize>, rows: &mut Vec<u32>) {
    rows.clear();
    let asked = input.selection().rows().iter();
    if let Some(hidden) = hidden {
        return rows.extend(asked.filter(|&&row| input.batch().leaf_bits(hidden, row as usize) == 0));
    }
    let leaves = (0..layout.types().len()).filter(|&leaf| layout.offset(leaf).is_some());
    let slot = leaves.map(|leaf| input.batch().leaf(leaf)).find(|leaf| leaf.ty.physical() == Physical::Slot);
    // SAFETY: an input's rows are rows of its batch, and the leaf is a slot.
    let stands = |row: &u32| slot.is_none_or(|leaf| unsafe { leaf.read::<Slot>(*row as usize) } as u64 != REPLACED);
    rows.extend(asked.copied().filter(stands));
}
