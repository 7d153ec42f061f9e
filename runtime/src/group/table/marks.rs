//! The pages of a table as they were when it was marked, while rows go on being changed.
//!
//! A mark takes nothing: it notes which pages there are, and how many rows are in each. Whoever wants the mark's pages is given them one by one. A page that
//! is to be written to before is copied first ([`GroupTable::protect`]). Rows that are added behind those of the mark change nothing of it, nor do
//! variable parts that are put before the others; free places of pages that were not given yet are left alone.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::Result;
use crate::group::table::GroupTable;
use crate::group::table::evict::PartSet;
use crate::group::table::groups::Groups;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{FIRST_ROW, Page, PageImage};

/// What of a page belongs to a mark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MarkedPage {
    /// The part that it was of; all parts, where the table was not split.
    pub(crate) part: usize,
    pub(crate) rows: u32,
    pub(crate) heap_start: u32,
    /// Bytes of its run.
    bytes: usize,
}

/// A marked page that is not the table's any more, or a copy.
#[derive(Debug)]
pub(crate) struct RescuedPage {
    pub(crate) of: MarkedPage,
    pub(crate) page: Page,
}

impl RescuedPage {
    /// What is to be written of it.
    pub(crate) fn image(&self, seed: u64) -> PageImage<'_> {
        PageImage::of_run(self.page.as_bytes(), self.of.rows, self.of.heap_start, self.page.layout(), seed)
    }
}

/// Marked pages that were not given yet.
#[derive(Default)]
pub(crate) struct MarkedPages {
    /// Those of the table, by where they begin.
    pending: HashMap<usize, MarkedPage, BuildHasherDefault<PlaceHasher>>,
    /// The same, and some that are no more, in the order in which they are given.
    order: VecDeque<usize>,
    rescued: VecDeque<RescuedPage>,
}

/// Spreads multiples of the page's size.
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

impl GroupTable {
    /// Marks what is there now, in place of what was marked before, but for the rows of some parts.
    pub fn mark(&mut self, but: &PartSet) {
        self.unmark();
        for (number, part) in self.parts.iter_mut().enumerate().filter(|&(number, _)| !but[number]) {
            part.hold_free();
            let closed = part.rows.pages().iter().map(|page| (page.first_row() - FIRST_ROW, page));
            for (start, page) in closed {
                let heap_start = page.heap_start() as u32;
                let marked = MarkedPage { part: number, rows: page.rows() as u32, heap_start, bytes: page.bytes() };
                self.marks.pending.insert(start, marked);
                self.marks.order.push_back(start);
            }
            if let Some((start, rows, heap_start)) = part.rows.writer().open_page().filter(|(_, rows, _)| *rows > 0) {
                let bytes = part.rows.writer().open_run_bytes();
                let marked = MarkedPage { part: number, rows: rows as u32, heap_start: heap_start as u32, bytes };
                self.marks.pending.insert(start, marked);
                self.marks.order.push_back(start);
            }
        }
    }

    /// Forgets the mark.
    pub fn unmark(&mut self) {
        self.marks = MarkedPages::default();
    }

    /// Whether marked pages were not given yet.
    #[inline(always)]
    #[must_use]
    pub fn is_marked(&self) -> bool {
        !self.marks.order.is_empty() || !self.marks.rescued.is_empty()
    }

    /// Whether marked pages lie where they lay at the mark: whoever writes to rows must have [protected](GroupTable::protect) their pages.
    #[inline(always)]
    #[must_use]
    pub fn has_marked_pages(&self) -> bool {
        !self.marks.pending.is_empty()
    }

    /// Where the page of a row begins.
    fn page_start(&self, place: usize) -> usize {
        let base = self.base as usize;
        ((base + place) & !(PAGE_BYTES - 1)) - base
    }

    /// Copies the marked pages that groups' rows lie in, which may then be written. `refused` are positions of the groups whose pages found no memory for
    /// that: they must not be.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), where the table must grow.
    pub fn protect(&mut self, groups: &Groups, refused: &mut Vec<u32>) -> Result<()> {
        refused.clear();
        if self.marks.pending.is_empty() || groups.table != self.id {
            return Ok(());
        }
        let (mut known, mut is_refused) = (usize::MAX, false);
        for (position, &place) in groups.places.iter().enumerate() {
            let start = self.page_start(place);
            if start == known {
                continue;
            }
            let Some(&marked) = self.marks.pending.get(&start) else {
                known = start;
                continue;
            };
            if place >= start + FIRST_ROW + marked.rows as usize * self.layout.width() {
                continue; // a row of after the mark
            }
            if is_refused || !self.may_take(marked.bytes) {
                is_refused = true;
                refused.push(position as u32);
                continue;
            }
            self.copy_marked(start, marked)?;
            known = start;
        }
        Ok(())
    }

    fn copy_marked(&mut self, start: usize, of: MarkedPage) -> Result<()> {
        let page = Page::copy_of(self.run_at(start, of), of.rows, of.heap_start, &self.layout, &self.memory)?;
        self.marks.pending.remove(&start);
        self.marks.rescued.push_back(RescuedPage { of, page });
        Ok(())
    }

    /// The bytes of a marked page.
    fn run_at(&self, start: usize, of: MarkedPage) -> &[u8] {
        // SAFETY: a pending page is one of this table's, with a run of so many bytes, since it leaves `pending` before it leaves the table
        // (`rescue`); nobody writes the table's pages while it is borrowed.
        unsafe { std::slice::from_raw_parts(self.base.add(start), of.bytes) }
    }

    /// Gives the next marked page, with its part, in the form in which it is written; whether there was one. Those that hold memory come first.
    pub(crate) fn next_marked(&mut self, seed: u64, give: &mut dyn FnMut(usize, &PageImage<'_>)) -> bool {
        if let Some(rescued) = self.marks.rescued.pop_front() {
            give(rescued.of.part, &rescued.image(seed));
            return true;
        }
        while let Some(start) = self.marks.order.pop_front() {
            if let Some(of) = self.marks.pending.remove(&start) {
                give(of.part, &PageImage::of_run(self.run_at(start, of), of.rows, of.heap_start, &self.layout, seed));
                return true;
            }
        }
        false
    }

    /// Keeps a page that leaves the table, if it is marked: nobody writes it any more.
    pub(crate) fn rescue(&mut self, page: &Page) {
        if !self.marks.pending.is_empty()
            && let Some(of) = self.marks.pending.remove(&(page.first_row() - FIRST_ROW))
        {
            self.marks.rescued.push_back(RescuedPage { of, page: page.clone() });
        }
    }

    /// The marked pages that are not the table's any more.
    pub(crate) fn take_rescued(&mut self) -> VecDeque<RescuedPage> {
        std::mem::take(&mut self.marks.rescued)
    }
}
