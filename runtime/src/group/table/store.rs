//! The rows of a table, in separate pages for each part. The place of a row identifies it.

mod free;
mod opening;
mod part;

pub(crate) use free::live_rows;
pub(super) use opening::Opening;

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::group::table::growth::{Growth, GrowthPolicy};
use crate::group::table::parting::PartSet;
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{
    Batch, FIRST_ROW, LeafCopy, LeafPtr, Page, PageMut, PlaceWriter, address_of, run_bytes, source_leaf,
};
use crate::row::{Physical, RowLayout};
use free::Mark;
use part::Part;

/// Rows of a table, replaced ones among them.
pub(crate) struct RowStore {
    pub(super) layout: Arc<RowLayout>,
    pub(super) base: *const u8,
    /// Writes rows in closed pages; see `new`.
    pub(super) in_place: PlaceWriter,
    /// Number of leaves that kernels see. Hidden leaves follow them.
    pub(super) leaves: usize,
    /// The mark of replaced or deleted rows. Rows without slots are replaced where they
    /// lie, so they have none unless they may be deleted.
    mark: Option<Mark>,
    /// One, or [`SPILL_PARTS`].
    pub(super) parts: Vec<Part>,
    /// Bytes of the parts' closed pages.
    pub(super) page_bytes: usize,
    pub(super) growth: Growth,
    /// Whether closed pages stay as they are. See [`RowStore::pin`].
    pub(super) is_pinned: bool,
}

// SAFETY: `base` is the region's start, which all threads share; rows are reached through `&self`
// and `&mut self` only.
unsafe impl Send for RowStore {}

/// A page of a table as bytes.
pub(crate) struct StoredPage<'t> {
    /// The place where it begins.
    pub(crate) start: usize,
    pub(crate) rows: u32,
    /// The offset of the variable parts in the page.
    pub(crate) heap_start: u32,
    pub(crate) bytes: &'t [u8],
}

impl RowStore {
    pub(super) fn new(layout: Arc<RowLayout>, memory: &Memory) -> Result<Self> {
        let base = address_of(0)?;
        // SAFETY: `base` is the address of place 0. A table writes at places of its own rows alone,
        // which its index, its free places and what was found in it since it last changed its `id`
        // have: they lie in open pages of the parts' writers or in `PageMut`s of the parts, and
        // leave the index, the free places and the `id` before the page leaves the part.
        let in_place = unsafe { PlaceWriter::new(base) };
        let parts = vec![Part::new(&layout, memory)];
        let growth = Growth { memory: memory.clone(), policy: GrowthPolicy::Required, is_required: false };
        let (leaves, mark) = (layout.types().len(), Mark::in_slot(&layout));
        Ok(RowStore { layout, base, in_place, leaves, mark, parts, page_bytes: 0, growth, is_pinned: false })
    }

    /// The same rows in [`SPILL_PARTS`] parts, while there are none.
    pub(super) fn in_parts(mut self) -> Self {
        self.split();
        self
    }

    /// Makes room for [`SPILL_PARTS`] parts. Returns the pages, whose rows are to be rewritten.
    pub(super) fn split(&mut self) -> VecDeque<PageMut> {
        self.page_bytes = 0;
        let pages = self.parts.first_mut().map(Part::take).unwrap_or_default();
        self.parts.resize_with(SPILL_PARTS, || Part::new(&self.layout, &self.growth.memory));
        pages
    }

    /// Whether rows are kept in parts.
    pub(crate) fn is_split(&self) -> bool {
        self.parts.len() == SPILL_PARTS
    }

    /// Number of parts: one, or [`SPILL_PARTS`].
    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Whether there is memory for `bytes` more, in addition to the bytes that stay free.
    pub(crate) fn may_take(&self, bytes: usize) -> bool {
        self.growth.may_take(bytes, self.is_split())
    }

    /// A leaf of stored rows, whose "row number" is the place.
    pub(super) fn stored_leaf(&self, leaf: usize) -> LeafPtr {
        LeafPtr::stored(&self.layout, self.base, leaf)
    }

    /// All leaves of stored rows.
    pub(super) fn stored_leaves(&self) -> impl Iterator<Item = LeafPtr> {
        (0..self.layout.types().len()).map(|leaf| self.stored_leaf(leaf))
    }

    /// The first leaves of stored rows as a batch, whose "row number" is the place.
    ///
    /// # Safety
    /// The batch is read only at places of rows, while their pages are held and their slots stay as
    /// they are.
    pub(super) unsafe fn batch(&self, leaves: usize) -> Batch<'static> {
        let leaves: SmallVec<[LeafPtr; 8]> = self.stored_leaves().take(leaves).collect();
        // SAFETY: the caller's promise.
        unsafe { Batch::from_leaves(usize::MAX, leaves) }
    }

    /// The leaves of stored rows that may have variable parts.
    pub(super) fn slots(&self) -> SmallVec<[LeafPtr; 4]> {
        self.stored_leaves().filter(|leaf| leaf.ty.physical() == Physical::Slot).collect()
    }

    /// The leaves that are copied from a batch whose leaves are the table's own.
    pub(super) fn parts_of(&self, batch: &Batch<'_>) -> SmallVec<[LeafCopy; 8]> {
        let part = |leaf: usize| {
            Some(LeafCopy {
                from: source_leaf(batch, leaf, self.layout.types()[leaf]),
                offset: self.layout.offset(leaf)?,
            })
        };
        (0..self.leaves).filter_map(part).collect()
    }

    /// Claims a place for a row of a part. The open page of the part's writer has room for its
    /// `heap` bytes of variable parts then. Returns `None` if memory is refused.
    pub(super) fn claim(&mut self, part: usize, heap: usize) -> Result<Option<usize>> {
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

    /// Whether a row with `heap` bytes of variable parts fits the open page, or there is memory for
    /// another page.
    fn has_room(&self, part: usize, heap: usize) -> bool {
        self.parts[part].rows.writer().fits(heap) || self.may_take(run_bytes(FIRST_ROW + self.layout.width() + heap))
    }

    /// Takes over the pages that a part's writer has closed. A row that is larger than a page has
    /// its run alone, so that it never needs to be copied.
    #[inline(always)]
    pub(super) fn collect(&mut self, part: usize, heap: usize) {
        let rows = &mut self.parts[part].rows;
        if heap > 0 && run_bytes(FIRST_ROW + self.layout.width() + heap) > PAGE_BYTES {
            rows.seal();
        }
        if rows.writer().has_sealed() {
            self.page_bytes += rows.collect();
        }
    }

    /// Copies a row of a batch, which has `heap` bytes of variable parts, to the end of a part.
    /// Returns its place, or `None` if memory is refused.
    ///
    /// # Safety
    /// `row` is a row of the batch, whose leaves are the table's.
    pub(super) unsafe fn append_row(
        &mut self,
        batch: &Batch<'_>,
        row: usize,
        part: usize,
        heap: usize,
    ) -> Result<Option<usize>> {
        if !self.has_room(part, heap) {
            return Ok(None);
        }
        let mut place = None;
        // SAFETY: the caller's promise.
        unsafe { self.parts[part].rows.append_rows(batch, &[row], |_, at| place = Some(at))? };
        self.collect(part, heap);
        place.map(Some).ok_or_else(refused)
    }

    /// Copies rows, by place, to the end of a part.
    pub(super) fn append(&mut self, part: usize, places: &[usize], placed: impl FnMut(usize, usize)) -> Result<()> {
        // SAFETY: read only at the given places, of this table's rows, whose pages the caller
        // holds.
        let batch = unsafe { self.batch(self.layout.types().len()) };
        // SAFETY: as above.
        unsafe { self.parts[part].rows.append_rows(&batch, places, placed) }
    }

    /// The places of a page's rows.
    pub(super) fn places(&self, page: &PageMut) -> impl Iterator<Item = usize> + use<> {
        let (first, width) = (page.first_row(), self.layout.width());
        (0..page.rows()).map(move |row| first + row * width)
    }

    /// Bytes of a part's closed pages, and of its open one.
    pub(crate) fn part_bytes(&self, part: usize) -> (usize, usize) {
        self.parts.get(part).map_or((0, 0), Part::bytes)
    }

    /// Takes the pages of some parts.
    pub(super) fn take_parts(&mut self, parts: &PartSet) -> Vec<(usize, VecDeque<Page>)> {
        let leaving = self.parts.iter_mut().enumerate().filter(|&(number, _)| parts[number]);
        let taken = leaving.map(|(number, part)| (number, part.freeze_all())).collect();
        self.count_pages();
        taken
    }

    /// Takes the closed pages of each part that has at least `least` of them.
    pub(super) fn take_closed(&mut self, least: usize) -> Vec<(usize, VecDeque<Page>)> {
        let passed = self.parts.iter_mut().enumerate().filter(|(_, part)| part.rows.pages().len() >= least.max(1));
        let passed = passed.map(|(number, part)| (number, part.take_closed())).collect();
        self.count_pages();
        passed
    }

    fn count_pages(&mut self) {
        self.page_bytes = self.parts.iter().map(|part| part.bytes().0).sum();
    }

    /// The next page of rows, without those that were replaced; `None` if there is no row.
    ///
    /// # Errors
    /// [`OutOfMemory`](Error::OutOfMemory): a page with replaced rows is written again.
    pub(super) fn next_page(&mut self) -> Result<Option<Page>> {
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

    /// A page of a part with its bytes, by its number. The last may be written on.
    pub(crate) fn stored_page(&self, part: usize, page: usize) -> Option<StoredPage<'_>> {
        let rows = &self.parts.get(part)?.rows;
        match rows.pages().get(page) {
            Some(page) => Some(StoredPage {
                start: page.first_row() - FIRST_ROW,
                rows: page.rows() as u32,
                heap_start: page.heap_start() as u32,
                bytes: page.as_bytes(),
            }),
            None if page == rows.pages().len() => {
                let (start, open_rows, heap_start) = rows.writer().open_page()?;
                let (rows_there, heap_start) = (open_rows as u32, heap_start as u32);
                Some(StoredPage { start, rows: rows_there, heap_start, bytes: rows.writer().open_page_bytes() })
            }
            None => None,
        }
    }

    /// The place where the page of a row begins.
    pub(crate) fn page_start(&self, place: usize) -> usize {
        let base = self.base as usize;
        ((base + place) & !(PAGE_BYTES - 1)) - base
    }
}

fn refused() -> Error {
    Error::Internal("a page was refused without a reason".to_owned())
}
