//! Rows that move or leave: into parts, into fewer pages, out of the table.
//!
//! **A replaced row says so itself.** Its first slot is an empty value with something behind it, which reads as an empty value; the place of the
//! next one that may be taken stands there too. So the list of free places takes no memory, and pages with such rows can be written.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::part::Part;
use crate::group::table::parting::PartSet;
use crate::group::table::{GroupTable, NewGroups};
use crate::hash::{KeyShape, next_id, with_shape};
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Batch, LeafPtr, Page, PageMut};

/// A table that takes more is put into parts while that costs little, as it may have to give some of them later.
const SPLIT_BYTES: usize = 8 << 20;

impl GroupTable {
    /// Puts the rows into parts, each in pages of its own, page after page: it takes a page for each part, and gives back what it has gone
    /// over.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn split(&mut self) -> Result<()> {
        if self.is_split() {
            return Ok(());
        }
        self.page_bytes = 0;
        let pages = self.parts.first_mut().map(Part::take).unwrap_or_default();
        self.parts.resize_with(SPILL_PARTS, || Part::new(&self.layout, &self.memory));
        self.rewrite(pages)
    }

    /// [Splits](GroupTable::split) a table that is about to be large, if there is memory for it.
    ///
    /// # Errors
    /// As [`GroupTable::split`].
    pub(crate) fn split_early(&mut self) -> Result<()> {
        let is_due = !self.is_split() && self.bytes() > SPLIT_BYTES;
        if is_due && self.memory.try_reserve((SPILL_PARTS + 4) * PAGE_BYTES) {
            self.split()?;
        }
        Ok(())
    }

    /// Drops replaced rows, where they take more than a third of the memory, and a few pages, or where there is `any`; whether it did. A table that is pinned (`GroupTable::pin`) is
    /// not compacted.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn compact(&mut self, any: bool) -> Result<bool> {
        let garbage: usize = self.parts.iter().map(|part| part.garbage).sum();
        if garbage == 0 || self.is_pinned || (!any && 3 * garbage <= self.page_bytes + 4 * PAGE_BYTES) {
            return Ok(false);
        }
        for part in 0..self.parts.len() {
            self.page_bytes -= self.parts[part].bytes().0;
            let pages = self.parts[part].take();
            self.rewrite(pages)?;
        }
        Ok(true)
    }

    /// Bytes of a part's closed pages, and of its open one.
    #[must_use]
    pub fn part_bytes(&self, part: usize) -> (usize, usize) {
        self.parts.get(part).map_or((0, 0), Part::bytes)
    }

    /// Bytes of memory that a part has, with those of its index.
    #[must_use]
    pub fn freed_by(&self, part: usize) -> usize {
        let (closed, open) = self.part_bytes(part);
        closed + open + self.index.part_bytes(part)
    }

    /// Takes parts out of the table. Among the rows of their pages are some that were replaced: [`GroupTable::live_rows`] leaves them out. A key
    /// whose row has left is a new one. Nothing leaves a table that is not [split](GroupTable::split).
    pub fn evict(&mut self, parts: &PartSet) -> Vec<(usize, VecDeque<Page>)> {
        if !self.is_split() {
            return Vec::new();
        }
        self.id = next_id();
        if parts.iter().all(|&leaves| leaves) {
            self.index.clear();
            self.unindexed = 0;
        } else {
            let stored = self.stored_key();
            self.index.remove(parts, |place| {
                // SAFETY: the index holds places of this table's rows, whose pages are held until this function's end.
                with_shape!(&stored, shape => unsafe { shape.hash(place) })
            });
        }
        let leaving = self.parts.iter_mut().enumerate().filter(|&(number, _)| parts[number]);
        let taken: Vec<(usize, VecDeque<Page>)> = leaving.map(|(number, part)| (number, part.take_frozen())).collect();
        self.count_pages();
        taken
    }

    /// Forgets where the groups are: their next rows open new ones. Gives the closed pages of each part that has at least so many.
    pub fn pass_on(&mut self, least: usize) -> Vec<(usize, VecDeque<Page>)> {
        self.id = next_id();
        self.index.empty();
        self.unindexed = 0;
        let passed = self.parts.iter_mut().enumerate().filter(|(_, part)| part.rows.pages().len() >= least.max(1));
        let passed = passed.map(|(number, part)| (number, part.take_closed())).collect();
        self.count_pages();
        passed
    }

    /// Whether rows were replaced in the pages that it has.
    #[must_use]
    pub fn has_replaced(&self) -> bool {
        self.parts.iter().any(|part| part.garbage > 0)
    }

    fn forget_groups(&mut self) {
        self.id = next_id();
        self.index.clear();
        self.unindexed = 0;
    }

    fn count_pages(&mut self) {
        self.page_bytes = self.parts.iter().map(|part| part.bytes().0).sum();
    }

    /// Begins to give all groups away: none is found any more.
    pub fn begin_drain(&mut self) {
        self.forget_groups();
        if self.new_groups == NewGroups::Refused {
            self.new_groups = NewGroups::Opened;
        }
        for part in 0..self.parts.len() {
            self.parts[part].rows.seal();
            self.collect(part, 0);
        }
    }

    /// Gives back the memory of an empty table: its pages.
    pub fn shed(&mut self) -> Vec<Page> {
        if !self.is_empty() {
            return Vec::new();
        }
        (self.id, self.unindexed, self.page_bytes) = (next_id(), 0, 0);
        self.index.clear();
        self.parts.iter_mut().flat_map(Part::take_frozen).collect()
    }

    /// The next page of groups' rows, once [begun](GroupTable::begin_drain); `None` where the table is empty.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory): a page with replaced rows is written anew.
    pub fn next_page(&mut self) -> Result<Option<Page>> {
        // Rows that were added since it began leave, too.
        self.forget_groups();
        for number in 0..self.parts.len() {
            while let Some(page) = self.parts[number].rows.pop_page() {
                self.page_bytes -= page.bytes();
                self.parts[number].forget_free();
                let Some(live) = self.live_of(number, &page) else { return Ok(Some(page.freeze())) };
                self.append(number, &live, |_, _| ())?;
                self.collect(number, 0);
            }
            let part = &mut self.parts[number];
            part.rows.seal();
            part.rows.collect();
            part.garbage = 0;
            part.forget_free();
            if let Some(page) = part.rows.pop_page() {
                return Ok(Some(page.freeze()));
            }
        }
        Ok(None)
    }

    /// The places of a page's rows that were not replaced, if some were.
    fn live_of(&self, part: usize, page: &PageMut) -> Option<Vec<usize>> {
        if self.parts[part].garbage == 0 {
            return None;
        }
        // SAFETY: these are the rows of a page of this table.
        let live: Vec<usize> = self.places(page).filter(|&place| unsafe { !self.is_replaced(place) }).collect();
        (live.len() < page.rows()).then_some(live)
    }

    /// The places of a page's rows.
    fn places(&self, page: &PageMut) -> impl Iterator<Item = usize> + use<> {
        let (first, width) = (page.first_row(), self.layout.width());
        (0..page.rows()).map(move |row| first + row * width)
    }

    /// Copies rows, by place, behind those of a part.
    fn append(&mut self, part: usize, places: &[usize], placed: impl FnMut(usize, usize)) -> Result<()> {
        let leaves: SmallVec<[LeafPtr; 8]> =
            (0..self.layout.types().len()).map(|leaf| self.stored_leaf(leaf)).collect();
        // SAFETY: read only at the given places, of this table's rows, whose pages the caller holds.
        let batch = unsafe { Batch::from_leaves(usize::MAX, leaves) };
        // SAFETY: as above.
        unsafe { self.parts[part].rows.append_rows(&batch, places, placed) }
    }

    /// Writes the rows of pages that were the table's into the parts' pages, and points the index to them. A row that is larger than a page
    /// stays where it is.
    fn rewrite(&mut self, pages: VecDeque<PageMut>) -> Result<()> {
        self.id = next_id();
        let stored = self.stored_key();
        let mut rows: Vec<(Vec<u64>, Vec<usize>)> = vec![Default::default(); self.parts.len()];
        for page in pages {
            for place in self.places(&page) {
                // SAFETY: `place` is a row of this table, whose page is held.
                let gone = unsafe { self.is_replaced(place) };
                if !gone {
                    // SAFETY: as above.
                    let hash = with_shape!(&stored, shape => unsafe { shape.hash(place) });
                    let (hashes, places) = &mut rows[self.part_of(hash)];
                    hashes.push(hash);
                    places.push(place);
                }
            }
            if page.bytes() > PAGE_BYTES
                && let Some((part, (hashes, places))) =
                    rows.iter_mut().enumerate().find(|(_, (hashes, _))| !hashes.is_empty())
            {
                // It has one row.
                hashes.clear();
                places.clear();
                self.page_bytes += page.bytes();
                self.parts[part].rows.adopt(page);
                continue;
            }
            for (part, (hashes, places)) in rows.iter_mut().enumerate().filter(|(_, (hashes, _))| !hashes.is_empty()) {
                let mut moved: SmallVec<[usize; 64]> = SmallVec::new();
                self.append(part, places, |_, place| moved.push(place))?;
                for ((&hash, &old), new) in hashes.iter().zip(&*places).zip(moved) {
                    self.index.replace(hash, old, new);
                }
                self.collect(part, 0);
                hashes.clear();
                places.clear();
            }
        }
        Ok(())
    }
}
