//! A hash table of groups: one row of key and state for each distinct key.
//!
//! ```text
//! GroupTable ─► store: RowStore      rows in pages, by part; places of replaced rows; memory
//!            └► index: GroupIndex    from the hash of a key to the place of its row
//! ```
//! * `probe`, `opening`: find the groups of rows, and open new ones.
//! * `state`: kernels read and write plain leaves of groups in place.
//! * `combine`, `put`, `best`, `texts`: rows of groups are replaced.
//! * `evict`, `delete`: rows move into parts, or leave.
//! * `scan`, `found`: rows are read, by page or by key.
//! * `chains`: all rows of a key, in a table by key and sub-key.
//!
//! # Memory
//! A table that may [spill](GrowthPolicy::Spilling) does not fail if memory is refused. It returns
//! the rows that found no room. The caller takes some of its pages out ([`GroupTable::evict`]) and
//! adds these rows again. Such a table has its rows in `SPILL_PARTS` parts by a hash, each in
//! pages of its own, which leave as they are.
//!
//! A table detects refused memory when it opens a row, and makes no estimate before. So a table
//! with enough memory does no work for having little. A reduce whose record grows returns the pair,
//! and its closure runs again.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod best;
mod chains;
mod combine;
mod delete;
mod evict;
mod found;
mod groups;
mod growth;
mod index;
mod opening;
mod parting;
mod probe;
mod put;
mod scan;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod texts;

pub use chains::KeyCursor;
pub(crate) use chains::link_leaves;
pub use combine::{Combined, Combining};
pub use found::FoundRows;
pub use groups::Groups;
pub use growth::GrowthPolicy;
pub(crate) use parting::Parting;
pub use parting::{LAST_LEVEL, PartSet, part_of_hash};
pub use scan::TablePage;
pub use state::{StateReader, StateRow, StateRows, StateSlot};
pub(crate) use store::{StoredPage, live_rows};
pub use texts::Deciding;
pub(crate) use texts::nulls_last;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::group::table::chains::Chains;
use crate::group::table::index::GroupIndex;
use crate::group::table::store::RowStore;
use crate::hash::{KeyLeaf, ROW_ALIGN, next_table_id};
use crate::memory::Memory;
use crate::page::{Page, RowWriter};
use crate::row::{LeafSet, LeafType, RowLayout};

/// Groups by key. A group's row holds the key's leaves and its state. The pages with the rows are
/// the table's output.
pub struct GroupTable {
    pub(crate) store: RowStore,
    index: GroupIndex,
    key: Box<[usize]>,
    /// The rows of each key, if rows have a sub-key.
    chains: Option<Chains>,
    /// Number of first leaves of a row that kernels write. A row that replaces another keeps the
    /// others.
    written: usize,
    new_groups: NewGroups,
    /// Number of groups whose rows [bypassed](NewGroups::Bypass) the index.
    unindexed: usize,
    /// The first position of the input that was not combined, and whether memory was refused there.
    stopped: Option<(usize, bool)>,
    /// The writer for records that are written in place. They have no variable parts, so it stays
    /// empty.
    aside: RowWriter,
    /// Changes when places become invalid; see [`Groups`].
    id: u64,
}

/// The consequence for a row whose group is not in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewGroups {
    /// The row opens the group.
    Opened,
    /// The row finds no room, until the table is drained.
    Refused,
    /// Each row opens a group of its own. Nothing is looked up.
    Bypass,
}

impl GroupTable {
    /// The layout of a table's rows: key and state leaves, at places that the index can name.
    #[must_use]
    pub fn layout_of(types: Vec<LeafType>, live: &LeafSet) -> Arc<RowLayout> {
        Arc::new(RowLayout::new(types, live).aligned(ROW_ALIGN))
    }

    /// An empty table for rows of a layout from [`GroupTable::layout_of`]. The leaves `key`
    /// identify a group.
    ///
    /// # Errors
    /// Fails if the region of pages cannot be mapped.
    pub fn new(layout: Arc<RowLayout>, key: impl Into<Box<[usize]>>, memory: &Memory) -> Result<Self> {
        if !layout.width().is_multiple_of(ROW_ALIGN) {
            return Err(Error::Internal(format!("rows of {} bytes in a table", layout.width())));
        }
        let written = layout.types().len();
        Ok(GroupTable {
            index: GroupIndex::new(Parting::of_level(0), memory.clone()),
            key: key.into(),
            chains: None,
            written,
            new_groups: NewGroups::Opened,
            unindexed: 0,
            stopped: None,
            aside: RowWriter::new(layout.clone(), memory.clone()),
            id: next_table_id(),
            store: RowStore::new(layout, memory)?,
        })
    }

    /// The same table, for kernels that write a row's first `written` leaves only. A row that
    /// replaces another keeps the other leaves.
    #[must_use]
    pub fn keeping_from(self, written: usize) -> Self {
        GroupTable { written, ..self }
    }

    /// The same empty table for keyed state: its parts are ranges of the key groups in `owned`.
    /// Hidden leaves follow the `leaves` that kernels see. If `sub_key` is not zero, the last
    /// `sub_key` leaves of the key are a sub-key, and two hidden leaves of eight bytes link the
    /// rows of a key. If there is one more hidden leaf, it marks deleted rows; others have the mark
    /// in a slot.
    ///
    /// # Errors
    /// Fails if the layout has other hidden leaves, or the key has no leaf before its sub-key.
    pub(crate) fn for_state(mut self, parting: Parting, leaves: usize, sub_key: usize) -> Result<Self> {
        let key_leaves = self.key.len().saturating_sub(sub_key);
        let Some(hidden) = self.store.hide_leaves(leaves, link_leaves(sub_key)).filter(|_| key_leaves > 0) else {
            return Err(Error::Internal("rows of a state without room for their hidden leaves".to_owned()));
        };
        self.written = leaves;
        self.index = GroupIndex::new(parting, self.store.growth.memory.clone());
        if let [before, after] = hidden[..] {
            let firsts = GroupIndex::new(parting, self.store.growth.memory.clone());
            self.chains = Some(Chains { firsts, key_leaves, before, after });
        }
        Ok(self)
    }

    /// The same table with another consequence of refused memory; an error, unless set.
    #[must_use]
    pub fn growing(mut self, policy: GrowthPolicy) -> Self {
        self.store.growth.policy = policy;
        self
    }

    /// Makes refused memory an error, or not: for rows that must fit into a table with nothing to
    /// evict.
    pub fn set_must_grow(&mut self, required: bool) {
        self.store.growth.is_required = required;
    }

    /// Whether refused memory is an error.
    #[must_use]
    pub fn must_grow(&self) -> bool {
        self.store.growth.must_grow()
    }

    /// Opens no more groups until the table is drained. Rows of other groups find no room.
    pub fn freeze(&mut self) {
        self.new_groups = NewGroups::Refused;
    }

    /// Sets whether each row opens a group of its own, without a lookup. For groups that are merged
    /// later, and tables whose groups all leave together.
    pub fn set_bypass(&mut self, bypass: bool) {
        self.new_groups = if bypass { NewGroups::Bypass } else { NewGroups::Opened };
    }

    /// An empty table of the same kind, in parts, for the rows of one part of a table of the level
    /// above.
    ///
    /// # Errors
    /// Fails if the region of pages cannot be mapped.
    pub fn at_level(&self, level: u32) -> Result<Self> {
        let empty = GroupTable::new(self.layout().clone(), self.key.clone(), &self.store.growth.memory)?;
        let store = empty.store.marked_as(&self.store).in_parts();
        let index = GroupIndex::new(Parting::of_level(level), self.store.growth.memory.clone());
        let level = GroupTable { store, index, written: self.written, ..empty };
        Ok(level.growing(self.store.growth.policy))
    }

    /// The layout of the groups' rows.
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.store.layout
    }

    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len() + self.unindexed
    }

    /// Bytes of memory of the table.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.store.page_bytes + self.index.bytes() + self.chains.as_ref().map_or(0, Chains::bytes)
    }

    /// Whether there is no group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory in addition to its own that it leaves free while it grows.
    #[must_use]
    pub fn room_beside(&self) -> usize {
        self.store.growth.room_beside(self.store.is_split())
    }

    /// The part of a row by the hash of its key. The slot of a row in the index follows from other
    /// bits, so rows that leave part by part do not cluster in another index.
    #[inline(always)]
    fn part_of(&self, hash: u64) -> usize {
        if self.store.is_split() { self.index.parting.part(hash) } else { 0 }
    }

    fn stored_key(&self) -> SmallVec<[KeyLeaf; 4]> {
        let leaf = |(number, &leaf): (usize, &usize)| KeyLeaf {
            probe: self.store.stored_leaf(leaf),
            stored_offset: self.store.layout.offset(leaf).unwrap_or_default(),
            is_sub_key: self.chains.as_ref().is_some_and(|chains| number >= chains.key_leaves),
        };
        self.key.iter().enumerate().map(leaf).collect()
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
