//! Copy-on-write pages: the rows of a table at a mark, while the table continues to change.
//!
//! A mark copies nothing. It notes the pages of the table, and the number of rows in each. The
//! pages are then emitted one by one. Before a page is written, it is copied
//! ([`MarkedPages::protect`]). A page that leaves the table is kept ([`MarkedPages::keep`]). Rows
//! that are added to a page after the mark do not change its part of the mark. Free places are not
//! reused before their pages are emitted (`RowStore::pin`).

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::{Error, Result};
use crate::group::{GroupTable, Groups, PartSet, StoredPage};
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{FIRST_ROW, Page, PageImage};

/// The part of a page that belongs to a mark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MarkedPage {
    pub(crate) part: usize,
    /// The number of the page in its part.
    page: usize,
    pub(crate) rows: u32,
    pub(crate) heap_start: u32,
}

/// A copy of a marked page from before it was written, or a marked page that left the table.
#[derive(Debug)]
pub(crate) struct PreImage {
    pub(crate) of: MarkedPage,
    pub(crate) page: Page,
}

/// Marked pages that are not emitted yet. While there are none, each operation costs one
/// comparison.
#[derive(Default)]
pub(crate) struct MarkedPages {
    /// Marked pages that are still in the table, by their starts.
    pending: HashMap<usize, MarkedPage, BuildHasherDefault<PlaceHasher>>,
    /// Starts in the order in which pages are emitted, of `pending` pages and of earlier ones.
    order: VecDeque<usize>,
    pre_images: VecDeque<PreImage>,
}

/// A hasher for multiples of the page size.
#[derive(Default)]
struct PlaceHasher(u64);

impl Hasher for PlaceHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_usize(byte.into()));
    }

    fn write_usize(&mut self, place: usize) {
        let product = (self.0 ^ (place / PAGE_BYTES) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = product ^ product >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl MarkedPages {
    /// Marks the rows of a table, except those of some parts. Replaces the former mark.
    ///
    /// # Errors
    /// Fails if the table cannot be split, which needs memory for a page of each part.
    pub(crate) fn mark(&mut self, table: &mut GroupTable, but: &PartSet) -> Result<()> {
        // A marked page that is split later would have to be kept.
        table.split()?;
        *self = MarkedPages::default();
        for part in (0..SPILL_PARTS).filter(|&part| !but[part]) {
            let pages = (0..).map_while(|page| Some((page, table.store.stored_page(part, page)?)));
            for (page, StoredPage { start, rows, heap_start, .. }) in pages.filter(|(_, stored)| stored.rows > 0) {
                self.pending.insert(start, MarkedPage { part, page, rows, heap_start });
                self.order.push_back(start);
            }
        }
        table.store.pin(but);
        self.unpin_if_all_emitted(table);
        Ok(())
    }

    /// Returns `true` if pages of the table are marked. Rows may then be written only after
    /// [`MarkedPages::protect`].
    #[inline(always)]
    pub(crate) fn are_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Copies the marked pages of groups' rows, which may then be written. `refused` receives the
    /// positions of the groups whose pages found no memory. Their rows must not be written.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], if the table must grow.
    pub(crate) fn protect(
        &mut self,
        table: &mut GroupTable,
        groups: &Groups,
        refused: &mut Vec<u32>,
        memory: &Memory,
    ) -> Result<()> {
        refused.clear();
        if !self.are_pending() || !table.has(groups) {
            return Ok(());
        }
        let (mut known, mut is_refused) = (usize::MAX, false);
        for (position, &place) in groups.places.iter().enumerate() {
            let start = table.store.page_start(place);
            if start == known {
                continue;
            }
            let Some(&marked) = self.pending.get(&start) else {
                known = start;
                continue;
            };
            if place >= start + FIRST_ROW + marked.rows as usize * table.layout().width() {
                continue; // added after the mark
            }
            let bytes = stored(table, start, marked)?;
            if is_refused || !table.store.may_take(bytes.len()) {
                is_refused = true;
                refused.push(position as u32);
                continue;
            }
            let page = Page::copy_of(bytes, marked.rows, marked.heap_start, table.layout(), memory)?;
            self.pending.remove(&start);
            self.pre_images.push_back(PreImage { of: marked, page });
            known = start;
        }
        self.unpin_if_all_emitted(table);
        Ok(())
    }

    /// Passes the next marked page, with its part, to `emit`. Returns `false` if none is left.
    /// Pages that hold memory come first.
    ///
    /// # Errors
    /// Fails only with an internal error.
    pub(crate) fn next(
        &mut self,
        table: &mut GroupTable,
        seed: u64,
        emit: &mut dyn FnMut(usize, &PageImage<'_>),
    ) -> Result<bool> {
        if let Some(PreImage { of, page }) = self.pre_images.pop_front() {
            emit(of.part, &PageImage::of_run(page.as_bytes(), of.rows, of.heap_start, page.layout(), seed));
            return Ok(true);
        }
        while let Some(start) = self.order.pop_front() {
            if let Some(of) = self.pending.remove(&start) {
                let bytes = stored(table, start, of)?;
                emit(of.part, &PageImage::of_run(bytes, of.rows, of.heap_start, table.layout(), seed));
                self.unpin_if_all_emitted(table);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps those of the pages that are marked. They have left the table.
    pub(crate) fn keep<'p>(&mut self, table: &mut GroupTable, pages: impl IntoIterator<Item = &'p Page>) {
        if !self.are_pending() {
            return;
        }
        for page in pages {
            if let Some(of) = self.pending.remove(&(page.first_row() - FIRST_ROW)) {
                self.pre_images.push_back(PreImage { of, page: page.clone() });
            }
        }
        self.unpin_if_all_emitted(table);
    }

    /// Takes the pre-images, which are no longer in the table.
    pub(crate) fn take_pre_images(&mut self) -> VecDeque<PreImage> {
        std::mem::take(&mut self.pre_images)
    }

    fn unpin_if_all_emitted(&self, table: &mut GroupTable) {
        if self.pending.is_empty() {
            table.store.unpin();
        }
    }
}

/// The bytes of a marked page.
fn stored(table: &GroupTable, start: usize, of: MarkedPage) -> Result<&[u8]> {
    let page = table.store.stored_page(of.part, of.page).filter(|page| page.start == start);
    page.map(|page| page.bytes).ok_or_else(|| Error::Internal("a marked page has left its table".to_owned()))
}
