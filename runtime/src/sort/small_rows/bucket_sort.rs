//! A sort of small plain rows that moves the rows instead of an index.

mod shares;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::memory::limits::PAGE_BYTES;
use crate::memory::{Memory, Reservation};
use crate::page::{Input, Page, RowWriter, Run};
use crate::row::RowLayout;
use crate::sort::buffer::{PagedRows, whole_rows};
use crate::sort::key::{Bounds, Encoding, Key, WideKey, max_key_bits};
use crate::sort::order::OrderKey;
use crate::sort::small_rows::arriving::ArrivingRows;
use crate::sort::small_rows::buckets::Buckets;
use crate::sort::small_rows::sharing::KeyBounds;
use crate::sort::small_rows::sizes::{pages_lost_to_chunks, spare_pages};
use crate::sort::small_rows::splitters::{SharedSplitters, Splitters, are_useful};
use crate::sort::small_rows::spread;
use crate::sort::small_rows::{BucketAssignment, PagesInOrder, SortedOutput, Unsorted};

/// The greatest width of a row in bytes.
const MAX_ROW_BYTES: usize = 32;

/// Small plain rows that are sorted and emitted once. Moving them is faster than sorting an index
/// of them, and takes no memory for an index. Emitted rows are dropped.
pub struct BucketSort {
    /// Rows in pages. Its bounds are those of all rows.
    rows: PagedRows,
    state: State,
    /// The splitters for rows that are spread on arrival, the same for all tasks.
    splitters: Arc<SharedSplitters>,
    /// Memory other than pages.
    bookkeeping_memory: Reservation,
    memory: Memory,
}

enum State {
    /// All rows are in pages. The spare pages are for moving them.
    Paged { spare: Vec<Run>, new_rows: NewRows },
    /// Rows are in buckets, and some still in pages.
    Spreading { arriving: ArrivingRows, new_rows: NewRows },
    /// The rows are sorted. `page_bytes` are the bytes of their pages.
    Ordered { rows: Box<dyn SortedOutput>, len: usize, page_bytes: usize },
    /// Sorting has failed. The next call of `emit` returns the error.
    Failed(Error),
}

/// The treatment of the rows that are added next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NewRows {
    /// To buckets, when there are enough of them.
    Spread,
    /// To pages only. The rows are in order so far, no ranges can be estimated, or too many rows
    /// are out of the ranges.
    KeepInPages,
}

impl NewRows {
    fn of(spread: bool) -> Self {
        if spread { NewRows::Spread } else { NewRows::KeepInPages }
    }
}

impl State {
    fn empty() -> Self {
        State::Paged { spare: Vec::new(), new_rows: NewRows::Spread }
    }
}

impl BucketSort {
    /// Creates it without rows. `None` if it cannot sort such rows: they must be small and plain,
    /// and keys of at most 128 bits must decide their order. Tasks that [share](BucketSort::share)
    /// rows must have the same `splitters`.
    ///
    /// # Errors
    /// Fails if the order names a leaf that the rows do not have, or if the region of pages cannot
    /// be mapped.
    pub(crate) fn of(
        splitters: Arc<SharedSplitters>,
        layout: &Arc<RowLayout>,
        order: &[OrderKey],
        memory: &Memory,
    ) -> Result<Option<Self>> {
        let rows = PagedRows::new(layout.clone(), order.into(), memory)?;
        let decides = max_key_bits(&rows.leaves).is_some_and(|bits| (1..=WideKey::BITS).contains(&bits));
        if !decides || layout.has_slots() || layout.width() > MAX_ROW_BYTES {
            return Ok(None);
        }
        let (bookkeeping_memory, memory) = (memory.reserve(0)?, memory.clone());
        Ok(Some(BucketSort { rows, state: State::empty(), splitters, bookkeeping_memory, memory }))
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        match &self.state {
            State::Spreading { arriving, .. } => arriving.rows() + self.rows.len(),
            State::Ordered { len, .. } => *len,
            State::Paged { .. } | State::Failed(_) => self.rows.len(),
        }
    }

    /// Bytes that it has reserved, for pages and for sorting.
    pub(crate) fn bytes(&self) -> usize {
        let moved = match &self.state {
            State::Paged { spare, .. } => spare.len() * PAGE_BYTES,
            State::Spreading { arriving, .. } => arriving.pages() * PAGE_BYTES,
            State::Ordered { page_bytes, .. } => *page_bytes,
            State::Failed(_) => 0,
        };
        self.rows.bytes() + self.bookkeeping_memory.bytes() + moved
    }

    /// As [`SortBuffer::bytes_for`](crate::sort::SortBuffer::bytes_for).
    pub(crate) fn bytes_for(&self, input: &Input<'_>) -> usize {
        let rows = self.len() + input.len();
        let pages = match &self.state {
            State::Paged { spare, .. } => self.spare_pages(rows).saturating_sub(spare.len()),
            State::Spreading { arriving, .. } => arriving.pages_for(input.len()),
            State::Ordered { .. } | State::Failed(_) => 0,
        };
        self.rows.bytes_for(input)
            + self.bookkeeping_bytes(rows).saturating_sub(self.bookkeeping_memory.bytes())
            + pages * PAGE_BYTES
    }

    /// Bytes of memory other than pages, for `rows` rows.
    fn bookkeeping_bytes(&self, rows: usize) -> usize {
        spread::bookkeeping_bytes(rows, self.rows.layout.width())
    }

    /// The number of spare pages for moving `rows` rows.
    fn spare_pages(&self, rows: usize) -> usize {
        let width = self.rows.layout.width();
        let spread_on_arrival = self.splitters.apply_to(rows, width);
        spare_pages(rows, width, spread_on_arrival) + pages_lost_to_chunks(rows, width)
    }

    /// Bytes of the largest page that its rows have had.
    pub(crate) fn largest_page_bytes(&self) -> usize {
        self.rows.largest_page_bytes()
    }

    /// Adds rows whose leaves are those of the layout.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory). This
    /// cannot happen if [`BucketSort::bytes_for`] the input were available. Also fails while sorted
    /// rows are left.
    pub(crate) fn add(&mut self, input: &Input<'_>) -> Result<()> {
        let rows = self.len() + input.len();
        self.bookkeeping_memory.resize(self.bookkeeping_bytes(rows))?;
        let spare_pages = self.spare_pages(rows);
        let new_rows = match &mut self.state {
            State::Ordered { .. } | State::Failed(_) => {
                return Err(Error::Internal("rows are added to others that are being moved".to_owned()));
            }
            State::Paged { spare, new_rows } => {
                while spare.len() < spare_pages {
                    spare.push(Run::new(PAGE_BYTES, &self.memory)?);
                }
                *new_rows
            }
            State::Spreading { new_rows: NewRows::KeepInPages, .. } => NewRows::KeepInPages,
            State::Spreading { arriving, new_rows } => {
                if let Some(first) = whole_rows(input, &self.rows.layout) {
                    arriving.grow(input.len())?;
                    // SAFETY: these are the rows, which hold nothing but the layout's leaves.
                    unsafe {
                        self.rows.widen(first, input.len());
                        arriving.add_rows(first, input.len())?;
                    }
                    *new_rows = NewRows::of(are_useful(arriving.outside(), rows));
                    return Ok(());
                }
                NewRows::Spread
            }
        };
        self.rows.add(input)?;
        if new_rows == NewRows::Spread && self.splitters.apply_to(self.len(), self.rows.layout.width()) {
            self.spread_pages()?;
        }
        Ok(())
    }

    /// Spreads the rows of the sealed pages, if ranges can be estimated.
    fn spread_pages(&mut self) -> Result<()> {
        let rows = self.len();
        if let State::Paged { spare, new_rows } = &mut self.state {
            let estimate = || Splitters::estimate(*self.rows.leaves.first()?, self.rows.bounds.first()?);
            let splitters = if self.rows.is_in_order() { None } else { self.splitters.get(estimate) };
            let Some(splitters) = splitters else {
                *new_rows = NewRows::KeepInPages;
                return Ok(());
            };
            let base_and_width = (self.rows.base, self.rows.layout.width());
            let arriving = ArrivingRows::new(splitters, base_and_width, std::mem::take(spare), &self.memory);
            self.state = State::Spreading { arriving, new_rows: NewRows::Spread };
        }
        if let State::Spreading { arriving, new_rows } = &mut self.state {
            // SAFETY: the pages are of this layout, which has no slots.
            self.rows.take_pages().into_iter().try_for_each(|page| unsafe { arriving.add_page(page) })?;
            *new_rows = NewRows::of(are_useful(arriving.outside(), rows));
        }
        Ok(())
    }

    /// The number of rows spread on arrival, the number of these out of the ranges, and whether
    /// later rows are spread.
    #[cfg(test)]
    pub(crate) fn spread_so_far(&self) -> (usize, usize, bool) {
        match &self.state {
            State::Spreading { arriving, new_rows } => {
                (arriving.rows(), arriving.outside(), *new_rows == NewRows::Spread)
            }
            State::Paged { new_rows, .. } => (0, 0, *new_rows == NewRows::Spread),
            State::Ordered { .. } | State::Failed(_) => (0, 0, false),
        }
    }

    /// Sorts the rows. Does nothing if they are sorted.
    pub(crate) fn sort(&mut self) {
        self.rows.seal();
        let (len, page_bytes) = (self.len(), self.bytes() - self.bookkeeping_memory.bytes());
        let rows: Result<Box<dyn SortedOutput>> = match &mut self.state {
            State::Ordered { .. } | State::Failed(_) => return,
            _ if len == 0 => return,
            State::Paged { spare, .. } if self.rows.is_in_order() => {
                let spare = std::mem::take(spare);
                Ok(Box::new(PagesInOrder { pages: self.rows.take_pages().into(), _spare: spare }))
            }
            _ => self.start_buckets(len),
        };
        self.state = match rows {
            Ok(rows) => State::Ordered { rows, len, page_bytes },
            Err(error) => State::Failed(error),
        };
    }

    /// Begins to move all rows, of which there are `len`.
    fn start_buckets(&mut self, len: usize) -> Result<Box<dyn SortedOutput>> {
        let assignment = self.known_bounds().assignment(len);
        let encoding = self.encoding_for(&self.rows.bounds, assignment);
        let rows = self.take_unsorted();
        // SAFETY: the rows are of this layout, as the order and so the encoding are.
        unsafe {
            Ok(if encoding.bits() <= u64::BITS {
                Box::new(Buckets::<u64>::new(rows, assignment, encoding, &self.memory)?)
            } else {
                Box::new(Buckets::<WideKey>::new(rows, assignment, encoding, &self.memory)?)
            })
        }
    }

    fn take_unsorted(&mut self) -> Unsorted {
        let (spare, arrived) = match std::mem::replace(&mut self.state, State::empty()) {
            State::Paged { spare, .. } => (spare, None),
            State::Spreading { arriving, .. } => (Vec::new(), Some(arriving)),
            State::Ordered { .. } | State::Failed(_) => (Vec::new(), None),
        };
        let base_and_width = (self.rows.base, self.rows.layout.width());
        Unsorted { pages: self.rows.take_pages(), arrived, spare, base_and_width }
    }

    fn arriving(&self) -> Option<&ArrivingRows> {
        match &self.state {
            State::Spreading { arriving, .. } => Some(arriving),
            _ => None,
        }
    }

    fn known_bounds(&self) -> KeyBounds {
        let in_pages: usize = self.rows.pages().iter().map(Page::rows).sum();
        let arriving = self.arriving();
        KeyBounds {
            bounds: self.rows.bounds.clone(),
            ranges: arriving.map(|arriving| arriving.splitters),
            outside: in_pages + arriving.map_or(0, ArrivingRows::outside),
        }
    }

    /// The encoding of rows that are assigned to buckets by `assignment`. Ranges are widened to
    /// whole ones.
    fn encoding_for(&self, bounds: &[Bounds], assignment: BucketAssignment) -> Encoding {
        let mut bounds = bounds.to_vec();
        if let (BucketAssignment::Ranges(splitters), Some(first)) = (assignment, bounds.first_mut()) {
            splitters.widen(first);
        }
        self.rows.encoding_of(&bounds)
    }

    /// Drops all rows and frees their memory.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.bookkeeping_memory.release();
        self.state = State::empty();
    }

    /// Emits the next rows in order until a page of `out` is sealed. Returns `true` if rows are
    /// left.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory), also if sorting has failed.
    pub(crate) fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        if matches!(self.state, State::Failed(_))
            && let State::Failed(error) = std::mem::replace(&mut self.state, State::empty())
        {
            return Err(error);
        }
        let State::Ordered { rows, .. } = &mut self.state else {
            return match self.len() {
                0 => Ok(false),
                _ => Err(Error::Internal("rows are emitted before they are sorted".to_owned())),
            };
        };
        let are_left = rows.emit(&self.rows.gather(), out)?;
        if !are_left {
            self.clear();
        }
        Ok(are_left)
    }
}
