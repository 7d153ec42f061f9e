//! Rows as they come: in pages, with what bounds the values that they are sorted by.

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

/// Rows in pages, and what bounds the values of their order.
///
/// Keys are made when rows are sorted: so few bits of them differ then as the bounds say.
pub(crate) struct PagedRows {
    pub(crate) layout: Arc<RowLayout>,
    pub(crate) order: Box<[OrderKey]>,
    pub(crate) leaves: Box<[OrderLeaf]>,
    pub(crate) bounds: Box<[Bounds]>,
    /// Where places count from.
    pub(crate) base: *const u8,
    writer: RowWriter,
    pages: Vec<Page>,
    page_bytes: usize,
    /// Bytes of the largest page so far.
    largest_page: usize,
    len: usize,
    /// Rows of the open page that the bounds hold for.
    bounded: usize,
}

// SAFETY: `base` is the region's start, which all threads share; rows are reached through `&mut self` only.
unsafe impl Send for PagedRows {}

impl PagedRows {
    /// No row yet.
    ///
    /// # Errors
    /// When the order names a leaf that the rows do not have, or the region cannot be had.
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
            bounded: 0,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of the pages.
    pub(crate) fn bytes(&self) -> usize {
        self.page_bytes + self.writer.open_bytes().0
    }

    /// Bytes of pages that an input will take: at most.
    pub(crate) fn bytes_for(&self, input: &Input<'_>) -> usize {
        room::bytes_of_pages(&self.writer, input)
    }

    /// Bytes of the largest page that rows came to lie in.
    pub(crate) fn largest_page_bytes(&self) -> usize {
        self.largest_page.max(self.writer.open_bytes().0)
    }

    /// Adds rows, whose leaves lie as in the layout. Of rows that did not all fit, those that did are there.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub(crate) fn add(&mut self, input: &Input<'_>) -> Result<()> {
        let result = gather::append(input, &mut self.writer);
        self.note_added();
        result
    }

    /// Adds rows at some places of a batch.
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

    /// Counts the rows that are new.
    fn note_added(&mut self) {
        self.len += self.writer.sealed_rows() + self.writer.open_rows() - self.bounded;
        self.take_closed();
    }

    /// Closes the open page.
    pub(crate) fn seal(&mut self) {
        self.writer.seal();
        self.take_closed();
    }

    /// Takes the writer's closed pages over, and widens the bounds for the rows that are new.
    fn take_closed(&mut self) {
        let from = self.pages.len();
        self.pages.extend(self.writer.take_sealed());
        self.page_bytes += self.pages[from..].iter().map(Page::bytes).sum::<usize>();
        self.largest_page = self.pages[from..].iter().map(Page::bytes).fold(self.largest_page, usize::max);
        let segments: SmallVec<[Segment; 4]> = self.segments_from(from).collect();
        for (first, rows) in segments {
            // A page that is not the first one is new, and so are all its rows.
            let known = std::mem::take(&mut self.bounded).min(rows);
            let first = self.base.wrapping_add(first + known * self.layout.width());
            // SAFETY: these are rows in pages of the layout.
            unsafe { self.widen(first, rows - known) };
        }
        self.bounded = self.writer.open_rows();
    }

    /// Widens the bounds by rows that lie one behind the other.
    ///
    /// # Safety
    /// So many rows of the layout begin there.
    pub(crate) unsafe fn widen(&mut self, first: *const u8, rows: usize) {
        for (&leaf, bounds) in self.leaves.iter().zip(&mut self.bounds) {
            // SAFETY: the caller's promise.
            unsafe { bounds.widen(leaf, first, self.layout.width(), rows) };
        }
    }

    /// The closed pages.
    pub(crate) fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// Gives the closed pages away; the bounds go on to hold for their rows.
    pub(crate) fn take_pages(&mut self) -> Vec<Page> {
        self.len -= self.pages.iter().map(Page::rows).sum::<usize>();
        self.page_bytes = 0;
        std::mem::take(&mut self.pages)
    }

    /// All pages, and the open one, each as the place of its first row and its rows.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> {
        self.segments_from(0)
    }

    fn segments_from(&self, page: usize) -> impl Iterator<Item = Segment> {
        let gather = self.gather();
        let closed = self.pages[page..].iter().map(move |page| (gather.place_of(page), page.rows()));
        let open_rows = self.writer.open_rows();
        let first_open = |last: usize| (last - (open_rows - 1) * self.layout.width(), open_rows);
        closed.chain(self.writer.last_row().map(first_open))
    }

    /// Gives all rows up, and their memory back.
    pub(crate) fn clear(&mut self) {
        self.writer.seal();
        drop(self.writer.take_sealed());
        self.pages.clear();
        self.bounds = no_bounds(&self.leaves);
        (self.page_bytes, self.len, self.bounded) = (0, 0, 0);
    }

    pub(crate) fn gather(&self) -> Gather {
        Gather::new(self.layout.clone(), self.base)
    }

    /// These segments, which hold rows of these pages.
    pub(crate) fn rows_of<'s>(&self, segments: &'s [Segment]) -> Rows<'s> {
        Rows { base: self.base, width: self.layout.width(), segments }
    }

    /// Whether the rows came in order.
    pub(crate) fn is_ascending(&self) -> bool {
        let segments: Vec<Segment> = self.segments().collect();
        // SAFETY: the segments hold these rows.
        unsafe { self.rows_of(&segments).direction::<WideKey>(&self.encoding_of(&self.bounds)) == Direction::Ascending }
    }

    /// A key of 8 bytes where that decides, else of 16.
    pub(crate) fn encoding_of(&self, bounds: &[Bounds]) -> Encoding {
        let narrow = Encoding::new(&self.leaves, bounds, u64::BITS);
        if narrow.decides() { narrow } else { Encoding::new(&self.leaves, bounds, WideKey::BITS) }
    }

    /// The order of the rows at two places whose keys are equal.
    pub(crate) fn undecided(&self, encoding: &Encoding) -> impl Fn(usize, usize) -> Ordering {
        let order = &self.leaves[encoding.undecided()..];
        // SAFETY: both are places of these rows.
        move |left, right| unsafe { compare_rows(order, self.base.wrapping_add(left), self.base.wrapping_add(right)) }
    }

    /// The layout and the closed pages.
    pub(crate) fn into_pages(self) -> (Arc<RowLayout>, Vec<Page>) {
        (self.layout, self.pages)
    }
}

fn no_bounds(leaves: &[OrderLeaf]) -> Box<[Bounds]> {
    leaves.iter().map(|leaf| Bounds::none(leaf.ty)).collect()
}
