//! Rows in pages, in the order in which they were added, with the bounds of their sort keys.

use std::cmp::Ordering;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::Result;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, Page, RowWriter, address_of};
use crate::row::RowLayout;
use crate::sort::buffer::entries::{Direction, Rows, Segment};
use crate::sort::buffer::gather::{self, Gather};
use crate::sort::buffer::room;
use crate::sort::key::{Bounds, Encoding, Key, WideKey};
use crate::sort::order::{OrderKey, OrderLeaf, compare_rows, order_leaves};

/// Rows in pages, and the bounds of the values that they are sorted by.
///
/// Keys are created when the rows are sorted. They have only the bits in which values within the
/// bounds differ.
pub(crate) struct PagedRows {
    pub(crate) layout: Arc<RowLayout>,
    pub(crate) order: Box<[OrderKey]>,
    pub(crate) leaves: Box<[OrderLeaf]>,
    pub(crate) bounds: Box<[Bounds]>,
    /// The address that places are offsets from.
    pub(crate) base: *const u8,
    writer: RowWriter,
    pages: Vec<Page>,
    page_bytes: usize,
    /// Bytes of the largest page so far. Initially the usual page size.
    largest_page: usize,
    len: usize,
    /// Number of rows of the open page that the bounds include.
    bounded_open_rows: usize,
}

// SAFETY: `base` is the region's start, which all threads share; rows are reached through
// `&mut self` only.
unsafe impl Send for PagedRows {}

impl PagedRows {
    /// Creates it without rows.
    ///
    /// # Errors
    /// Fails if the order names a leaf that the rows do not have, or if the region of pages cannot
    /// be mapped.
    pub(crate) fn new(layout: Arc<RowLayout>, order: Box<[OrderKey]>, memory: &Memory) -> Result<Self> {
        let leaves = order_leaves(&layout, &order)?;
        Ok(PagedRows {
            writer: RowWriter::new(layout.clone(), memory.clone()),
            layout,
            order,
            bounds: no_bounds(&leaves),
            leaves,
            base: address_of(0)?,
            pages: Vec::new(),
            page_bytes: 0,
            largest_page: PAGE_BYTES,
            len: 0,
            bounded_open_rows: 0,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of all pages.
    pub(crate) fn bytes(&self) -> usize {
        self.page_bytes + self.writer.open_bytes().0
    }

    /// Upper bound of the bytes of new pages for the rows of an input.
    pub(crate) fn bytes_for(&self, input: &Input<'_>) -> usize {
        room::bytes_of_pages(&self.writer, input)
    }

    /// Bytes of the largest page so far.
    pub(crate) fn largest_page_bytes(&self) -> usize {
        self.largest_page.max(self.writer.open_bytes().0)
    }

    /// Adds rows whose leaves are those of the layout.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is
    /// refused. The rows that fitted have been added then.
    pub(crate) fn add(&mut self, input: &Input<'_>) -> Result<()> {
        let result = gather::append(input, &mut self.writer);
        self.note_added();
        result
    }

    /// Adds the rows at some places of another buffer.
    ///
    /// # Errors
    /// As [`PagedRows::add`].
    ///
    /// # Safety
    /// The places are those of rows in `from`.
    pub(crate) unsafe fn copy_from(&mut self, from: &Gather, places: &[usize]) -> Result<()> {
        // SAFETY: the caller's promise.
        let result = unsafe { self.writer.append_rows(&from.batch(), None, places, |_, _| ()) };
        self.note_added();
        result
    }

    /// Counts the rows that were added.
    fn note_added(&mut self) {
        self.len += self.writer.sealed_rows() + self.writer.open_rows() - self.bounded_open_rows;
        self.take_sealed_pages();
    }

    /// Seals the open page.
    pub(crate) fn seal(&mut self) {
        self.writer.seal();
        self.take_sealed_pages();
    }

    /// Takes the sealed pages of the writer, and widens the bounds by the rows that were added.
    fn take_sealed_pages(&mut self) {
        let from = self.pages.len();
        self.pages.extend(self.writer.take_sealed());
        self.page_bytes += self.pages[from..].iter().map(Page::bytes).sum::<usize>();
        self.largest_page = self.pages[from..].iter().map(Page::bytes).fold(self.largest_page, usize::max);
        let segments: SmallVec<[Segment; 4]> = self.segments_from(from).collect();
        for (first, rows) in segments {
            // Only the first of these pages may have rows that were added before.
            let known = std::mem::take(&mut self.bounded_open_rows).min(rows);
            let first = self.base.wrapping_add(first + known * self.layout.width());
            // SAFETY: these are rows in pages of the layout.
            unsafe { self.widen(first, rows - known) };
        }
        self.bounded_open_rows = self.writer.open_rows();
    }

    /// Widens the bounds by consecutive rows.
    ///
    /// # Safety
    /// `rows` rows of the layout begin at `first`.
    pub(crate) unsafe fn widen(&mut self, first: *const u8, rows: usize) {
        for (&leaf, bounds) in self.leaves.iter().zip(&mut self.bounds) {
            // SAFETY: the caller's promise.
            unsafe { bounds.widen(leaf, first, self.layout.width(), rows) };
        }
    }

    /// The sealed pages.
    pub(crate) fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// Removes the sealed pages. The bounds still include their rows.
    pub(crate) fn take_pages(&mut self) -> Vec<Page> {
        self.len -= self.pages.iter().map(Page::rows).sum::<usize>();
        self.page_bytes = 0;
        std::mem::take(&mut self.pages)
    }

    /// The segments of all pages, including the open one.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> {
        self.segments_from(0)
    }

    fn segments_from(&self, page: usize) -> impl Iterator<Item = Segment> {
        let gather = self.gather();
        let sealed = self.pages[page..].iter().map(move |page| (gather.place_of(page), page.rows()));
        let open_rows = self.writer.open_rows();
        let first_open = |last: usize| (last - (open_rows - 1) * self.layout.width(), open_rows);
        sealed.chain(self.writer.last_row().map(first_open))
    }

    /// Drops all rows and frees their memory.
    pub(crate) fn clear(&mut self) {
        self.writer.seal();
        drop(self.writer.take_sealed());
        self.pages.clear();
        self.bounds = no_bounds(&self.leaves);
        (self.page_bytes, self.len, self.bounded_open_rows) = (0, 0, 0);
    }

    pub(crate) fn gather(&self) -> Gather {
        Gather::new(self.layout.clone(), self.base)
    }

    /// The rows of some of its segments.
    pub(crate) fn rows_of<'s>(&self, segments: &'s [Segment]) -> Rows<'s> {
        Rows { base: self.base, width: self.layout.width(), segments }
    }

    /// Returns `true` if the rows were added in order.
    pub(crate) fn is_in_order(&self) -> bool {
        let segments: Vec<Segment> = self.segments().collect();
        // SAFETY: the segments hold these rows.
        unsafe { self.rows_of(&segments).direction::<WideKey>(&self.encoding_of(&self.bounds)) == Direction::Ascending }
    }

    /// An encoding with keys of 8 bytes if these decide the order, else of 16 bytes.
    pub(crate) fn encoding_of(&self, bounds: &[Bounds]) -> Encoding {
        let narrow = Encoding::new(&self.leaves, bounds, u64::BITS);
        if narrow.decides() { narrow } else { Encoding::new(&self.leaves, bounds, WideKey::BITS) }
    }

    /// Compares the rows at two places whose keys are equal, by the leaves that the keys do not
    /// hold.
    pub(crate) fn compare_unencoded(&self, encoding: &Encoding) -> impl Fn(usize, usize) -> Ordering {
        let order = &self.leaves[encoding.first_unencoded()..];
        // SAFETY: both are places of these rows.
        move |left, right| unsafe { compare_rows(order, self.base.wrapping_add(left), self.base.wrapping_add(right)) }
    }

    /// The layout and the sealed pages.
    pub(crate) fn into_pages(self) -> (Arc<RowLayout>, Vec<Page>) {
        (self.layout, self.pages)
    }
}

fn no_bounds(leaves: &[OrderLeaf]) -> Box<[Bounds]> {
    leaves.iter().map(|leaf| Bounds::none(leaf.ty)).collect()
}
