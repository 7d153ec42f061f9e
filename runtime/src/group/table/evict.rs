//! Moves rows into parts or into fewer pages, and out of the table.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::chains::Chains;
use crate::group::table::parting::PartSet;
use crate::group::table::{GroupTable, NewGroups};
use crate::hash::{KeyLeaf, KeyShape, next_table_id, with_shape};
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Page, PageMut};

/// A table with more bytes is split early, while that costs little, as parts of it may be evicted
/// later.
const SPLIT_BYTES: usize = 8 << 20;

impl GroupTable {
    /// Moves the rows into parts, each in pages of its own, page after page. Needs a page for each
    /// part, and frees the pages that it has read.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn split(&mut self) -> Result<()> {
        if self.store.is_split() {
            return Ok(());
        }
        let pages = self.store.split();
        self.rewrite(pages)
    }

    /// [Splits](GroupTable::split) a large table, if there is memory for it.
    ///
    /// # Errors
    /// As [`GroupTable::split`].
    pub(crate) fn split_early(&mut self) -> Result<()> {
        let is_due = !self.store.is_split() && self.bytes() > SPLIT_BYTES;
        if is_due && self.store.growth.memory.try_reserve((SPILL_PARTS + 4) * PAGE_BYTES) {
            self.split()?;
        }
        Ok(())
    }

    /// Drops replaced rows if they take much memory, or if there are `any`. Returns `true` if it
    /// did. A table that is pinned (`RowStore::pin`) is not compacted.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn compact(&mut self, any: bool) -> Result<bool> {
        if !self.store.is_sparse(any) {
            return Ok(false);
        }
        for part in 0..self.store.parts.len() {
            self.store.page_bytes -= self.store.parts[part].bytes().0;
            let pages = self.store.parts[part].take();
            self.rewrite(pages)?;
        }
        Ok(true)
    }

    /// Bytes of memory of a part, with those of its index.
    #[must_use]
    pub fn freed_by(&self, part: usize) -> usize {
        let (closed, open) = self.store.part_bytes(part);
        closed + open + self.index.part_bytes(part) + self.chains.as_ref().map_or(0, |chains| chains.part_bytes(part))
    }

    /// Takes parts out of the table. Their pages may hold rows that were replaced, which
    /// `RowStore::live_rows` leaves out. A later row of an evicted key opens a new group. A table
    /// that is not [split](GroupTable::split) returns nothing.
    pub fn evict(&mut self, parts: &PartSet) -> Vec<(usize, VecDeque<Page>)> {
        if !self.store.is_split() {
            return Vec::new();
        }
        if parts.iter().all(|&leaves| leaves) {
            self.forget_groups();
        } else {
            self.id = next_table_id();
            let key = self.stored_key();
            self.index.remove(parts, &key);
            self.chains.iter_mut().for_each(|chains| chains.remove(parts, &key));
        }
        self.store.take_parts(parts)
    }

    /// Removes all groups from the index, so that their next rows open new groups. Returns the
    /// closed pages of each part with at least `least` of them.
    pub fn pass_on(&mut self, least: usize) -> Vec<(usize, VecDeque<Page>)> {
        self.id = next_table_id();
        self.index.empty();
        self.chains.iter_mut().for_each(Chains::clear);
        self.unindexed = 0;
        self.store.take_closed(least)
    }

    /// Removes all groups from the index, and frees its memory.
    fn forget_groups(&mut self) {
        self.id = next_table_id();
        self.index.clear();
        self.chains.iter_mut().for_each(Chains::clear);
        self.unindexed = 0;
    }

    /// Points the index, and the list of the key, to the new place of a row that has moved.
    ///
    /// # Safety
    /// `old` was a row of this table, and its bytes are still there. `new` is a row with the same
    /// key, which has this hash. `key` is the key of the table's rows.
    pub(super) unsafe fn move_row(&mut self, hash: u64, [old, new]: [usize; 2], key: &[KeyLeaf]) {
        self.index.replace(hash, old, new);
        if let Some(chains) = &mut self.chains {
            // SAFETY: the caller's promise.
            unsafe { chains.moved(old, new, &mut self.store, key) };
        }
    }

    /// Begins to drain the table. No group is found afterwards.
    pub fn begin_drain(&mut self) {
        self.forget_groups();
        if self.new_groups == NewGroups::Refused {
            self.new_groups = NewGroups::Opened;
        }
        for part in 0..self.store.parts.len() {
            self.store.parts[part].rows.seal();
            self.store.collect(part, 0);
        }
    }

    /// Frees the memory of an empty table: its index, and the pages that it returns.
    pub fn shed(&mut self) -> Vec<Page> {
        if !self.is_empty() {
            return Vec::new();
        }
        self.forget_groups();
        self.store.take_parts(&[true; SPILL_PARTS]).into_iter().flat_map(|(_, pages)| pages).collect()
    }

    /// The next page of groups' rows, after [`GroupTable::begin_drain`]. `None` if the table is
    /// empty.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory): a page with replaced rows is written
    /// again.
    pub fn next_page(&mut self) -> Result<Option<Page>> {
        // Rows that were added since `begin_drain` leave, too.
        self.forget_groups();
        self.store.next_page()
    }

    /// Adds the hashes and places of the live rows of a page to those of their parts.
    fn live_by_part(&self, page: &PageMut, key: &[KeyLeaf], rows: &mut [(Vec<u64>, Vec<usize>)]) {
        for place in self.store.places(page) {
            // SAFETY: `place` is a row of this table, whose page is held.
            if unsafe { !self.store.is_replaced(place) } {
                // SAFETY: as above.
                let hash = with_shape!(key, shape => unsafe { shape.hash(place) });
                let (hashes, places) = &mut rows[self.part_of(hash)];
                hashes.push(hash);
                places.push(place);
            }
        }
    }

    /// Copies the rows of former pages of the table into pages of their parts, and points the index
    /// to them. A row that is larger than a page is not copied.
    fn rewrite(&mut self, pages: VecDeque<PageMut>) -> Result<()> {
        self.id = next_table_id();
        let stored = self.stored_key();
        let mut rows: Vec<(Vec<u64>, Vec<usize>)> = vec![Default::default(); self.store.parts.len()];
        for page in pages {
            self.live_by_part(&page, &stored, &mut rows);
            if page.bytes() > PAGE_BYTES
                && let Some((part, (hashes, places))) =
                    rows.iter_mut().enumerate().find(|(_, (hashes, _))| !hashes.is_empty())
            {
                // Such a page has one row.
                hashes.clear();
                places.clear();
                self.store.page_bytes += page.bytes();
                self.store.parts[part].rows.adopt(page);
                continue;
            }
            for (part, (hashes, places)) in rows.iter_mut().enumerate().filter(|(_, (hashes, _))| !hashes.is_empty()) {
                let mut moved: SmallVec<[usize; 64]> = SmallVec::new();
                self.store.append(part, places, |_, place| moved.push(place))?;
                for ((&hash, &old), new) in hashes.iter().zip(&*places).zip(moved) {
                    // SAFETY: the row at `new` is a copy of that at `old`, whose page is held.
                    unsafe { self.move_row(hash, [old, new], &stored) };
                }
                self.store.collect(part, 0);
                hashes.clear();
                places.clear();
            }
        }
        Ok(())
    }
}
