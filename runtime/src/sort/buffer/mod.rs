//! Rows kept to be given back in order.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod entries;
mod gather;
mod groups;
mod index;
mod keep;
mod radix;
mod room;
mod sorting;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod windows;

pub(crate) use entries::KEYS;
pub(crate) use gather::{AT_ONCE, Gather, prefetch};
pub(crate) use index::RowIndex;
pub use index::SortedRows;
pub(crate) use radix::sort_in_cache;

use std::cell::OnceCell;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::memory::limits::PAGE_BYTES;
use crate::memory::{Memory, Reservation};
use crate::page::{Input, LeafReader, Page, RowWriter, Run, address_of};
use crate::row::RowLayout;
use crate::sort::buffer::entries::Segment;
use crate::sort::frozen::FrozenRows;
use crate::sort::key::{Bounds, Encoding, Key, WideKey, most_bits};
use crate::sort::order::OrderKey;
use crate::sort::order::{OrderLeaf, order_leaves};
use crate::sort::small_rows::{self, Arriving, Moved, SharedSplitters, Splitters, are_worth};

/// Rows in pages, and where each is found once they are sorted.
///
/// Rows are sorted by keys of 8 bytes, or 16 where the order needs them, into which as many leaves go as fit. While rows are added, only what
/// bounds their values is kept; keys and places are made when they are sorted, in memory that was paid for when the rows came, so sorting
/// cannot fail.
pub struct SortBuffer {
    layout: Arc<RowLayout>,
    order: Box<[OrderKey]>,
    leaves: Box<[OrderLeaf]>,
    bounds: Box<[Bounds]>,
    rows: RowWriter,
    pages: Vec<Page>,
    page_bytes: usize,
    /// Bytes of the largest page so far.
    largest_page: usize,
    len: usize,
    /// Rows of the open page that the bounds hold for.
    bounded: usize,
    /// In order once the rows are sorted, with their encoding; else, when it is asked for, as the rows lie.
    index: OnceCell<RowIndex>,
    encoding: Option<Encoding>,
    /// For the index and for making it.
    paid: Reservation,
    base: *mut u8,
    memory: Memory,
    next: usize,
    /// Whether rows are moved, with pages to move them by.
    is_moving: bool,
    spare: Vec<Run>,
    /// Where many rows are moved, they are spread as they come, over what is guessed here.
    splitters: Arc<SharedSplitters>,
    arriving: Option<Arriving>,
    /// Whether rows that come are left in their pages: they are in order, nothing can be guessed of them, or they lie beside what was.
    stay: bool,
    moved: Option<Box<dyn Moved>>,
    /// What went wrong in sorting.
    failed: Option<Error>,
}

// SAFETY: `base` is the region's start, which all threads share; rows are reached through `&mut self` only.
unsafe impl Send for SortBuffer {}

impl SortBuffer {
    /// An empty buffer for rows of `layout`.
    ///
    /// # Errors
    /// When the order names a leaf that the rows do not have, or the region cannot be had.
    pub fn new(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, memory: &Memory) -> Result<Self> {
        let order = order.into();
        let leaves = order_leaves(&layout, &order)?;
        Ok(SortBuffer {
            rows: RowWriter::new(layout.clone(), memory.clone()),
            layout,
            order,
            bounds: no_bounds(&leaves),
            leaves,
            pages: Vec::new(),
            page_bytes: 0,
            largest_page: PAGE_BYTES,
            len: 0,
            bounded: 0,
            index: OnceCell::new(),
            encoding: None,
            paid: memory.reserve(0)?,
            base: address_of(0)?,
            memory: memory.clone(),
            next: 0,
            is_moving: false,
            spare: Vec::new(),
            splitters: Arc::default(),
            arriving: None,
            stay: false,
            moved: None,
            failed: None,
        })
    }

    /// An empty buffer whose rows are only sorted and emitted: the rows themselves are moved where they are small and plain, which is faster
    /// and takes no index. Emitting gives them up; nobody [visits](SortBuffer::visit) them once they are sorted.
    ///
    /// # Errors
    /// As [`SortBuffer::new`].
    pub fn moving(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, memory: &Memory) -> Result<Self> {
        Self::moving_over(Arc::default(), layout, order, memory)
    }

    /// As [`SortBuffer::moving`], for one of several buffers whose rows are [shared](SortBuffer::share): these are spread alike.
    ///
    /// # Errors
    /// As there.
    pub fn moving_over(
        splitters: Arc<SharedSplitters>,
        layout: Arc<RowLayout>,
        order: impl Into<Box<[OrderKey]>>,
        memory: &Memory,
    ) -> Result<Self> {
        let mut buffer = SortBuffer { splitters, ..Self::new(layout, order, memory)? };
        let decides = most_bits(&buffer.leaves).is_some_and(|bits| (1..=WideKey::BITS).contains(&bits));
        buffer.is_moving = decides && !buffer.layout.has_slots() && buffer.layout.width() <= small_rows::MOST_WIDTH;
        Ok(buffer)
    }

    /// How many rows it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory that it has reserved: its pages, and what sorting its rows takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.page_bytes + self.rows.open_bytes().0 + self.paid.bytes() + self.spare.len() * PAGE_BYTES
    }

    /// How many bytes more it would reserve to [add](SortBuffer::add) an input: at most. Nothing is reserved later, to sort or to
    /// [emit](SortBuffer::emit).
    ///
    /// Costs nothing for rows of plain values, and a look at each slot otherwise.
    #[must_use]
    pub fn bytes_for(&self, input: &Input<'_>) -> usize {
        let rows = self.len + input.len();
        let spare = match &self.arriving {
            Some(arriving) => arriving.pages_for(input.len()) * PAGE_BYTES,
            None => self.spare_pages(rows).saturating_sub(self.spare.len()) * PAGE_BYTES,
        };
        room::bytes_of_pages(&self.rows, input) + self.index_bytes(rows).saturating_sub(self.paid.bytes()) + spare
    }

    /// Pages that so many rows are moved by.
    fn spare_pages(&self, rows: usize) -> usize {
        if !self.is_moving {
            return 0;
        }
        let width = self.layout.width();
        let as_they_come = self.splitters.are_for(rows, width);
        small_rows::spare_pages(rows, width, as_they_come) + small_rows::pages_lost_to_chunks(rows, width)
    }

    /// Reserves what sorting so many rows takes.
    fn prepare(&mut self, rows: usize) -> Result<()> {
        self.paid.resize(self.index_bytes(rows))?;
        while self.arriving.is_none() && self.spare.len() < self.spare_pages(rows) {
            self.spare.push(Run::new(PAGE_BYTES, &self.memory)?);
        }
        Ok(())
    }

    /// Bytes of the index of so many rows, and of what it is made with.
    fn index_bytes(&self, rows: usize) -> usize {
        match most_bits(&self.leaves) {
            _ if self.is_moving => small_rows::bytes(rows, self.layout.width()),
            Some(0) => rows * size_of::<usize>(),
            Some(..=u64::BITS) => entries::bytes::<u64>(rows),
            _ => entries::bytes::<WideKey>(rows),
        }
    }

    /// Whether it holds no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds rows, whose leaves lie as in the layout. Rows that were sorted are so no more.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), unless there was room for [`SortBuffer::bytes_for`] the input. A
    /// [moving](SortBuffer::moving) buffer takes no rows while sorted ones are left in it.
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        if self.moved.is_some() {
            return Err(Error::Internal("rows are added to others that are being moved".to_owned()));
        }
        self.index.take();
        (self.encoding, self.next) = (None, 0);
        self.prepare(self.len + input.len())?;
        if self.spread_whole(input)? {
            return Ok(());
        }
        let result = gather::append(input, &mut self.rows);
        // Of rows that did not all fit, those that did are there.
        let known = self.bounded;
        self.len += self.rows.sealed_rows() + self.rows.open_rows() - known;
        self.take_pages();
        result?;
        if self.is_moving && !self.stay && self.splitters.are_for(self.len, self.layout.width()) {
            self.spread_pages()?;
        }
        Ok(())
    }

    /// Spreads rows that lie one behind the other from where they are, if that is begun: whether it did.
    fn spread_whole(&mut self, input: &Input<'_>) -> Result<bool> {
        let Some(arriving) = self.arriving.as_mut().filter(|_| !self.stay) else { return Ok(false) };
        let Some(first) = gather::whole_rows(input, &self.layout) else { return Ok(false) };
        let (width, rows) = (self.layout.width(), input.len());
        self.page_bytes += arriving.grow(rows)? * PAGE_BYTES;
        // SAFETY: these are the rows, which hold nothing but the layout's leaves.
        unsafe {
            widen(&self.leaves, &mut self.bounds, (first, width), rows);
            arriving.copy(first, rows)?;
        }
        self.len += rows;
        self.stay = !are_worth(arriving.beside(), self.len);
        Ok(true)
    }

    /// Spreads the rows of the closed pages, unless there is nothing to spread them over.
    fn spread_pages(&mut self) -> Result<()> {
        if self.arriving.is_none() && !self.is_ascending() {
            let guess = || Splitters::guess(*self.leaves.first()?, self.bounds.first()?);
            if let Some(splitters) = self.splitters.get(guess) {
                let spare = std::mem::take(&mut self.spare);
                self.page_bytes += spare.len() * PAGE_BYTES;
                let of_rows = (self.base, self.layout.width());
                self.arriving = Some(Arriving::new(splitters, of_rows, spare, &self.memory));
            }
        }
        if let Some(arriving) = &mut self.arriving {
            // SAFETY: the pages are of this buffer's layout, which has no slots where rows are moved.
            self.pages.drain(..).try_for_each(|page| unsafe { arriving.take(page) })?;
        }
        self.stay = self.arriving.as_ref().is_none_or(|arriving| !are_worth(arriving.beside(), self.len));
        Ok(())
    }

    /// Takes the writer's closed pages over, and widens the bounds for the rows that are new.
    fn take_pages(&mut self) {
        let from = self.pages.len();
        self.pages.extend(self.rows.take_sealed());
        self.page_bytes += self.pages[from..].iter().map(Page::bytes).sum::<usize>();
        self.largest_page = self.pages[from..].iter().map(Page::bytes).fold(self.largest_page, usize::max);
        let segments: SmallVec<[Segment; 4]> = self.segments_from(from).collect();
        for (first, rows) in segments {
            // A page that is not the first one is new, and so are all its rows.
            let known = std::mem::take(&mut self.bounded).min(rows);
            let first = self.base.wrapping_add(first + known * self.layout.width());
            // SAFETY: these are rows of this buffer.
            unsafe { widen(&self.leaves, &mut self.bounds, (first, self.layout.width()), rows - known) };
        }
        self.bounded = self.rows.open_rows();
    }

    /// The pages from a number on, and the open one, each as the place of its first row and its rows.
    fn segments_from(&self, page: usize) -> impl Iterator<Item = Segment> {
        let gather = self.gather();
        let closed = self.pages[page..].iter().map(move |page| (gather.place_of(page), page.rows()));
        let open_rows = self.rows.open_rows();
        let first_open = |last: usize| (last - (open_rows - 1) * self.layout.width(), open_rows);
        closed.chain(self.rows.last_row().map(first_open))
    }

    /// How many rows were spread as they came, how many of these lie beside what was guessed, and whether those to come are.
    #[cfg(test)]
    pub(crate) fn spread_so_far(&self) -> (usize, usize, bool) {
        let beside = self.arriving.as_ref().map_or(0, Arriving::beside);
        let in_pages: usize = self.segments_from(0).map(|(_, rows)| rows).sum();
        (self.len - in_pages, beside, !self.stay)
    }

    /// The rows, to which nobody adds any more.
    #[must_use]
    pub fn freeze(mut self) -> FrozenRows {
        self.seal();
        self.index();
        let index = self.index.take().unwrap_or(RowIndex::Places(Vec::new()));
        FrozenRows::new(self.layout, self.pages, index, self.paid)
    }

    fn seal(&mut self) {
        self.rows.seal();
        self.take_pages();
    }

    /// Where the rows lie: in order where they are sorted.
    fn index(&self) -> &RowIndex {
        self.index.get_or_init(|| {
            debug_assert!(self.arriving.is_none(), "rows that are moved are emitted, and nothing else");
            let width = self.layout.width();
            let mut places = Vec::with_capacity(self.len);
            places
                .extend(self.segments_from(0).flat_map(|(first, rows)| (0..rows).map(move |row| first + row * width)));
            RowIndex::Places(places)
        })
    }

    /// The row at a position, which is below the length.
    fn row(&self, position: usize) -> *const u8 {
        self.base.wrapping_add(self.index().place(position))
    }

    fn gather(&self) -> Gather {
        Gather::new(self.layout.clone(), self.base)
    }

    /// Gives all rows up, and their memory back.
    pub fn clear(&mut self) {
        self.rows.seal();
        drop(self.rows.take_sealed());
        self.pages.clear();
        self.index.take();
        self.paid.release();
        self.bounds = no_bounds(&self.leaves);
        (self.encoding, self.moved, self.failed) = (None, None, None);
        (self.arriving, self.stay) = (None, false);
        self.spare.clear();
        (self.page_bytes, self.len, self.bounded, self.next) = (0, 0, 0, 0);
    }

    /// Writes the next rows in order until a page of `out` is closed; whether rows are left.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if let Some(moved) = &mut self.moved {
            let are_left = moved.emit(&Gather::new(self.layout.clone(), self.base), out)?;
            if !are_left {
                self.clear();
            }
            return Ok(are_left);
        }
        let (gather, rows) = (self.gather(), self.len);
        while self.next < rows && !out.has_sealed() {
            let (index, end) = (self.index(), self.page_end(self.next, rows));
            let at_once = end - self.next;
            gather.prefetch((end..rows.min(end + at_once)).map(|position| index.place(position)));
            let places: SmallVec<[usize; AT_ONCE]> = (self.next..end).map(|position| index.place(position)).collect();
            // SAFETY: the index holds places of this buffer's rows.
            unsafe { gather.copy(&places, out)? };
            self.next = end;
        }
        Ok(self.next < rows)
    }

    /// Leaves and rows under a fresh brand: all rows, in the order in which they were added, or in theirs once they are sorted.
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'b> FnOnce(LeafReader<'b>, SortedRows<'b>) -> R) -> R {
        // SAFETY: read only at places of this buffer's rows, which `self` holds meanwhile.
        f(LeafReader::new(&unsafe { self.gather().batch() }), self.index().rows())
    }
}

/// Widens what bounds the values of rows that lie some bytes apart.
///
/// # Safety
/// So many rows, with these leaves, begin there.
unsafe fn widen(leaves: &[OrderLeaf], bounds: &mut [Bounds], (first, width): (*const u8, usize), rows: usize) {
    for (&leaf, bounds) in leaves.iter().zip(bounds) {
        // SAFETY: the caller's promise.
        unsafe { bounds.widen(leaf, first, width, rows) };
    }
}

fn no_bounds(leaves: &[OrderLeaf]) -> Box<[Bounds]> {
    leaves.iter().map(|leaf| Bounds::none(leaf.ty)).collect()
}
