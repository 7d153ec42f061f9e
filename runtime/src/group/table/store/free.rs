//! Rows that were replaced or deleted, and their places, which other rows may take.
//!
//! The mark of a replaced row is in its first slot: an empty value whose unused bytes are not zero.
//! It reads as an empty value. The upper half of the slot is the place of the next free row. So the
//! list of free places takes no memory, and pages with such rows can be written to disk.

use smallvec::SmallVec;

use crate::group::table::parting::PartSet;
use crate::group::table::store::RowStore;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, PageMut, Slot};
use crate::row::{Physical, RowLayout};

/// The lower half of a slot that marks its row as replaced. Its length is zero and its next four
/// bytes are not, unlike in all other slots.
const REPLACED: u64 = 0xFFFF_FFFF_0000_0000;

/// The bit that is set in the word of a deleted row. Places are multiples of eight.
const DELETED: u64 = 1;

/// The position of the mark of replaced or deleted rows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// The slot at this offset: [`REPLACED`] in its lower half, the place of the next free row in
    /// its upper half.
    Slot(usize),
    /// Eight bytes at this offset: the place of the next free row, and [`DELETED`]. They are zero
    /// in all other rows.
    Word(usize),
}

impl Mark {
    /// The mark of rows that have a slot.
    pub(super) fn in_slot(layout: &RowLayout) -> Option<Mark> {
        let mut slots = layout.types().iter().enumerate().filter(|(_, ty)| ty.physical() == Physical::Slot);
        slots.find_map(|(leaf, _)| layout.offset(leaf)).map(Mark::Slot)
    }
}

impl RowStore {
    /// Hides all leaves after the first `leaves` from kernels: `links` ones with places of other
    /// rows, and one that marks rows without slots as deleted, if there is one more. Returns the
    /// offsets of the links; `None` if hidden leaves are not of eight bytes, or if there are
    /// others.
    pub(in crate::group::table) fn hide_leaves(&mut self, leaves: usize, links: usize) -> Option<SmallVec<[usize; 2]>> {
        let layout = &self.layout;
        let offset = |leaf: usize| layout.offset(leaf).filter(|_| layout.types()[leaf].physical() == Physical::W8);
        let mut hidden: SmallVec<[usize; 2]> = (leaves..layout.types().len()).map(offset).collect::<Option<_>>()?;
        let mark = if hidden.len() > links { hidden.pop() } else { None };
        if hidden.len() != links || mark.is_some() && self.mark.is_some() {
            return None;
        }
        (self.leaves, self.mark) = (leaves, mark.map(Mark::Word).or(self.mark));
        Some(hidden)
    }

    /// The same marks as in another table of this layout.
    pub(in crate::group::table) fn marked_as(mut self, other: &RowStore) -> Self {
        (self.leaves, self.mark) = (other.leaves, other.mark);
        self
    }

    /// Whether its rows can be deleted.
    pub(in crate::group::table) fn has_marks(&self) -> bool {
        self.mark.is_some()
    }

    /// Keeps pages as they are, apart from those of some parts: places that are free now are not
    /// reused, and nothing is compacted. The caller looks after pages that are written or that
    /// leave.
    pub(crate) fn pin(&mut self, but: &PartSet) {
        self.parts.iter_mut().zip(but).filter(|(_, but)| !**but).for_each(|(part, _)| part.hold_free());
        self.is_pinned = true;
    }

    /// Ends [`RowStore::pin`].
    pub(crate) fn unpin(&mut self) {
        self.is_pinned = false;
    }

    /// Marks a row of a part as replaced; another may take its place. The `heap` bytes that its
    /// slots point to stay until the page is rewritten.
    ///
    /// # Safety
    /// `place` is a row of this table that is not in its index, and into which there are no
    /// references.
    pub(in crate::group::table) unsafe fn free(&mut self, place: usize, part: usize, heap: usize) {
        let (Some(mark), width) = (self.mark, self.layout.width()) else { return };
        let part = &mut self.parts[part];
        // SAFETY: the mark's offset is that of a slot, or of eight bytes, in the table's rows, one
        // of which lies at `place`.
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
    pub(super) fn take_free(&mut self, part: usize) -> Option<usize> {
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
        // SAFETY: a free place is a row of this part's pages (when pages leave, free places are
        // forgotten), with a slot, or eight bytes, at the mark's offset.
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
    pub(in crate::group::table) unsafe fn is_replaced(&self, place: usize) -> bool {
        // SAFETY: the mark's offset is that of a slot, or of eight bytes, in the table's rows.
        self.mark.is_some_and(|mark| unsafe {
            match mark {
                Mark::Slot(offset) => self.base.add(place + offset).cast::<Slot>().read_unaligned() as u64 == REPLACED,
                Mark::Word(offset) => self.base.add(place + offset).cast::<u64>().read_unaligned() != 0,
            }
        })
    }

    /// Whether rows were replaced in its pages.
    pub(crate) fn has_replaced(&self) -> bool {
        self.parts.iter().any(|part| part.garbage > 0)
    }

    /// Whether replaced rows are to be dropped: if they take more than a third of the memory and a
    /// few pages, or if there are any and `any` is set. A [pinned](RowStore::pin) table is not
    /// compacted.
    pub(in crate::group::table) fn is_sparse(&self, any: bool) -> bool {
        let garbage: usize = self.parts.iter().map(|part| part.garbage).sum();
        garbage > 0 && !self.is_pinned && (any || 3 * garbage > self.page_bytes + 4 * PAGE_BYTES)
    }

    /// The places of a page's rows that were not replaced, if some were.
    pub(super) fn live_of(&self, part: usize, page: &PageMut) -> Option<Vec<usize>> {
        if self.parts[part].garbage == 0 {
            return None;
        }
        // SAFETY: these are the rows of a page of this table.
        let live: Vec<usize> = self.places(page).filter(|&place| unsafe { !self.is_replaced(place) }).collect();
        (live.len() < page.rows()).then_some(live)
    }

    /// The rows of a page that left a table of this layout which are still groups' rows.
    pub(crate) fn live_rows(&self, input: &Input<'_>, rows: &mut Vec<u32>) {
        let hidden = matches!(self.mark, Some(Mark::Word(_))).then(|| self.layout.types().len() - 1);
        live_rows(input, &self.layout, hidden, rows);
    }
}

/// The rows of a page of a table of this layout that were not replaced or deleted. `hidden` is the
/// leaf with the mark, if that is not the first slot.
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
