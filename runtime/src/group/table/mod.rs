//! A hash table of groups: one row of key and state for each distinct key.
//!
//! A table that may [spill](GroupTable::spilling) does not fail where memory is refused. It says which rows found no room; whoever fills it takes
//! some of its pages out ([`GroupTable::evict`]) and adds these rows again. Therefore its rows are then kept in [`SPILL_PARTS`] parts
//! by a hash, each in pages of its own, which leave as they are.
//!
//! **Only what must grow asks.** A table finds out that memory is refused when it opens a row, not by an estimate before: rows that found no room
//! are handed back with the window and are added again. So a table with enough memory does no work for having little. A reduce whose record grows
//! hands back the pair, and its closure runs again.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod best;
mod combine;
mod delete;
mod evict;
mod found;
mod groups;
mod index;
mod opening;
mod part;
mod parting;
mod probe;
mod put;
mod scan;
mod state;
#[cfg(test)]
mod tests;
mod texts;

pub use combine::{Combined, Combining};
pub use found::FoundRows;
pub use groups::Groups;
pub(crate) use part::live_rows;
pub use parting::{LAST_LEVEL, PartSet, part_of_hash};
pub(crate) use scan::StoredPage;
pub use scan::TablePage;
pub use state::{StateReader, StateRow, StateRows, StateSlot};
pub use texts::Deciding;
pub(crate) use texts::nulls_last;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::group::table::index::GroupIndex;
use crate::group::table::part::{Mark, Part};
use crate::group::table::parting::Parting;
use crate::hash::{KeyLeaf, ROW_ALIGN, next_id};
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{FIRST_ROW, InPlace, LeafPtr, Page, RowWriter, address_of, run_bytes};
use crate::row::{LeafSet, LeafType, Physical, RowLayout};

/// Groups by key. A group's row holds the key's leaves and its state; the pages that they lie in are the table's output.
pub struct GroupTable {
    layout: Arc<RowLayout>,
    key: Box<[usize]>,
    /// One, or as many as spill.
    parts: Vec<Part>,
    /// Bytes of the parts' closed pages.
    page_bytes: usize,
    index: GroupIndex,
    base: *const u8,
    /// What writes rows in closed pages; see `new`.
    in_place: InPlace,
    memory: Memory,
    /// The first leaves of a row, which kernels write; a row that one replaces keeps the others.
    written: usize,
    /// Its rows' leaves but for the hidden one, where there is one.
    leaves: usize,
    /// What says of a row that it was replaced or deleted. A row without slots is replaced where it lies, so it has none unless it may be deleted.
    mark: Option<Mark>,
    growth: Growth,
    /// Refused memory is an error this once.
    is_growth_required: bool,
    new_groups: NewGroups,
    /// Groups of rows that [bypassed](NewGroups::Bypass) the index.
    unindexed: usize,
    /// What of a hash says in which part a row is: other bits at each level, as the rows of a part agree in those of the level above.
    parting: Parting,
    /// The position of the input from which on rows were not combined, and whether memory was refused there.
    stopped: Option<(usize, bool)>,
    /// Where records that are written in place would put variable parts, which they have none of: never read.
    aside: RowWriter,
    /// Whether closed pages stay as they are. See [`GroupTable::pin`].
    is_pinned: bool,
    /// Changes whenever places lose their meaning; see [`Groups`].
    id: u64,
}

// SAFETY: `base` is the region's start, which all threads share; rows are reached through `&self` and `&mut self` only.
unsafe impl Send for GroupTable {}

/// How a table gets the memory that it grows by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    /// Where it is refused, that is an error.
    Required,
    /// Where it is refused, the table does without.
    BestEffort,
    /// As `BestEffort`, and nobody spills for it.
    IfIdle,
    /// Where it is refused, it is made smaller; so many bytes beyond its own stay free for whoever fills it.
    Leaving(usize),
}

/// What becomes of a row whose group is not in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewGroups {
    /// It opens the group.
    Opened,
    /// It finds no room, until the table is drained.
    Refused,
    /// Each row opens a group of its own, which no other row finds: nothing is looked up.
    Bypass,
}

impl GroupTable {
    /// The layout of a table's rows: key and state leaves, at places that the index can name.
    #[must_use]
    pub fn layout_of(types: Vec<LeafType>, live: &LeafSet) -> Arc<RowLayout> {
        Arc::new(RowLayout::new(types, live).aligned(ROW_ALIGN))
    }

    /// An empty table for rows of a layout from [`GroupTable::layout_of`], whose leaves `key` tell groups apart.
    ///
    /// # Errors
    /// When the region cannot be had.
    pub fn new(layout: Arc<RowLayout>, key: impl Into<Box<[usize]>>, memory: &Memory) -> Result<Self> {
        if !layout.width().is_multiple_of(ROW_ALIGN) {
            return Err(Error::Internal(format!("rows of {} bytes in a table", layout.width())));
        }
        let (leaves, base) = (layout.types().iter().enumerate(), address_of(0)?);
        // SAFETY: `base` is the address of place 0. A table writes at places of its own rows alone, which its index, its free places and what was found
        // in it since it last changed its `id` have: they lie in open pages of the parts' writers or in `PageMut`s of the parts, and leave the
        // index, the free places and the `id` before the page leaves the part.
        let in_place = unsafe { InPlace::new(base) };
        let mut slots = leaves.filter(|(_, ty)| ty.physical() == Physical::Slot);
        Ok(GroupTable {
            parts: vec![Part::new(&layout, memory)],
            page_bytes: 0,
            written: layout.types().len(),
            leaves: layout.types().len(),
            mark: slots.find_map(|(leaf, _)| layout.offset(leaf)).map(Mark::Slot),
            key: key.into(),
            index: GroupIndex::new(Parting::of_level(0), memory.clone()),
            base,
            in_place,
            memory: memory.clone(),
            growth: Growth::Required,
            is_growth_required: false,
            new_groups: NewGroups::Opened,
            unindexed: 0,
            parting: Parting::of_level(0),
            stopped: None,
            aside: RowWriter::new(layout.clone(), memory.clone()),
            is_pinned: false,
            id: next_id(),
            layout,
        })
    }

    /// The same table, for kernels that know a row's first `written` leaves only: a row that one replaces keeps the others.
    #[must_use]
    pub fn keeping_from(self, written: usize) -> Self {
        GroupTable { written, ..self }
    }

    /// The same table, for rows that may be deleted though they have no slots: the last leaf, eight bytes, is hidden from kernels.
    ///
    /// # Errors
    /// A layout whose last leaf is something else, or that has slots.
    pub fn deletable(self) -> Result<Self> {
        let hidden = self.leaves.saturating_sub(1);
        match (self.layout.types().get(hidden).map(|ty| ty.physical()), self.layout.offset(hidden), self.mark) {
            (Some(Physical::W8), Some(offset), None) => {
                Ok(GroupTable { leaves: hidden, written: hidden, mark: Some(Mark::Word(offset)), ..self })
            }
            _ => Err(Error::Internal("rows that have no room to say that they are deleted".to_owned())),
        }
    }

    /// The same table, whose parts are ranges of the numbers that `bits` bits of a hash from bit `shift` on give, side by side; the rows' numbers are all
    /// in `range`.
    #[must_use]
    pub fn parted_by(self, shift: u32, bits: u32, range: std::ops::Range<usize>) -> Self {
        let parting = Parting::of_range(shift, bits, range);
        GroupTable { parting, index: GroupIndex::new(parting, self.memory.clone()), ..self }
    }

    /// The same table, for which refused memory is no error: rows that find no room are left, and told. Beyond what it takes itself it
    /// leaves `aside` bytes free for its kernel, and what it needs to be [split](GroupTable::split).
    #[must_use]
    pub fn spilling(self, aside: usize) -> Self {
        // A page that is cleaned, and one that is written meanwhile.
        GroupTable { growth: Growth::Leaving(aside + 2 * PAGE_BYTES), ..self }
    }

    /// As [`GroupTable::spilling`], for a table that is drained where it finds no room, which costs less than what others would spill for it.
    #[must_use]
    pub fn draining(self) -> Self {
        GroupTable { growth: Growth::IfIdle, ..self }
    }

    /// As [`GroupTable::spilling`], for a table that opens no more groups where it finds no room.
    #[must_use]
    pub fn closing(self) -> Self {
        GroupTable { growth: Growth::BestEffort, ..self }
    }

    /// Whether refused memory is an error: for what must fit even a table that has nothing to give.
    pub fn set_must_grow(&mut self, required: bool) {
        self.is_growth_required = required;
    }

    /// Whether refused memory is an error.
    #[must_use]
    pub fn must_grow(&self) -> bool {
        self.is_growth_required || self.growth == Growth::Required
    }

    /// Opens no group any more until the table is drained: rows of other groups find no room.
    pub fn freeze(&mut self) {
        self.new_groups = NewGroups::Refused;
    }

    /// Whether from now on each row opens a group of its own, which no other row finds: nothing is looked up. For groups that are merged later, and tables
    /// of which all groups leave at once.
    pub fn set_bypass(&mut self, bypass: bool) {
        self.new_groups = if bypass { NewGroups::Bypass } else { NewGroups::Opened };
    }

    /// An empty table of the same kind for the rows of one part of a table of the level above: in parts from the beginning.
    ///
    /// # Errors
    /// When the region cannot be had.
    pub fn at_level(&self, level: u32) -> Result<Self> {
        let empty = GroupTable::new(self.layout.clone(), self.key.clone(), &self.memory)?;
        let parts = (0..SPILL_PARTS).map(|_| Part::new(&self.layout, &self.memory)).collect();
        let parting = Parting::of_level(level);
        let index = GroupIndex::new(parting, self.memory.clone());
        let GroupTable { written, leaves, mark, growth, .. } = *self;
        Ok(GroupTable { parting, parts, index, written, leaves, mark, growth, ..empty })
    }

    /// How the groups' rows lie in their pages.
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.layout
    }

    /// How many groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len() + self.unindexed
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.page_bytes + self.index.bytes()
    }

    /// Whether there is no group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is memory for `bytes` more, with what stays free beside them.
    pub(crate) fn may_take(&self, bytes: usize) -> bool {
        match self.growth {
            _ if self.must_grow() => true,
            Growth::Required => true,
            Growth::IfIdle => self.memory.try_reserve_idle(bytes),
            Growth::BestEffort | Growth::Leaving(_) => self.memory.try_reserve(bytes + self.room_beside()),
        }
    }

    /// Bytes of memory beyond its own that it leaves free while it grows.
    #[must_use]
    pub fn room_beside(&self) -> usize {
        match self.growth {
            // A table that is not in parts yet needs a page for each of them when it comes to that.
            Growth::Leaving(aside) if !self.is_split() => aside + SPILL_PARTS * PAGE_BYTES,
            // Pages of the part that it is made of are read, and some may be written on.
            Growth::Leaving(aside) => aside + 4 * PAGE_BYTES,
            Growth::Required | Growth::BestEffort | Growth::IfIdle => 0,
        }
    }

    /// The part of a row by its key's hash. The index's place in the table is given by other bits, so rows that leave part by part
    /// are in no order that another index would notice.
    #[inline(always)]
    fn part_of(&self, hash: u64) -> usize {
        if self.is_split() { self.parting.part(hash) } else { 0 }
    }

    /// Room for a row of a part with `heap` bytes of variable parts, for which its writer's open page has room then; `None` where memory is
    /// refused.
    fn claim(&mut self, part: usize, heap: usize) -> Result<Option<usize>> {
        if heap == 0
            && let Some(place) = self.take_free(part)
        {
            return Ok(Some(place));
        }
        if !self.has_room(part, heap) {
            return Ok(None);
        }
        let rows = &mut self.parts[part].rows;
        match rows.claim(heap) {
            Some(place) => Ok(Some(place)),
            None => Err(rows.check().err().unwrap_or_else(refused)),
        }
    }

    /// Whether a row with so many bytes of variable parts fits the open page, or another one may be had.
    fn has_room(&self, part: usize, heap: usize) -> bool {
        self.parts[part].rows.writer().fits(heap) || self.may_take(run_bytes(FIRST_ROW + self.layout.width() + heap))
    }

    /// Takes over the pages that a part's writer has closed. What is larger than a page has its run alone, so that it never needs to be
    /// copied.
    #[inline(always)]
    fn collect(&mut self, part: usize, heap: usize) {
        let rows = &mut self.parts[part].rows;
        if heap > 0 && run_bytes(FIRST_ROW + self.layout.width() + heap) > PAGE_BYTES {
            rows.seal();
        }
        if rows.writer().has_sealed() {
            self.page_bytes += rows.collect();
        }
    }

    fn stored_key(&self) -> SmallVec<[KeyLeaf; 4]> {
        self.key.iter().map(|&leaf| KeyLeaf { asked: self.stored_leaf(leaf), stored_offset: 0 }).collect()
    }

    /// A leaf of stored rows, whose "row number" is the place.
    fn stored_leaf(&self, leaf: usize) -> LeafPtr {
        LeafPtr::stored(&self.layout, self.base, leaf)
    }

    /// All groups as pages; the table is empty then.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn drain(&mut self) -> Result<Vec<Page>> {
        self.begin_drain();
        let mut pages = Vec::new();
        while let Some(page) = self.next_page()? {
            pages.push(page);
        }
        Ok(pages)
    }
}

fn refused() -> Error {
    Error::Internal("a page was refused without a reason".to_owned())
}
