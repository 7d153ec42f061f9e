//! Rows kept to be given back in order, by moving them.

mod shares;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::memory::limits::PAGE_BYTES;
use crate::memory::{Memory, Reservation};
use crate::page::{Input, Page, RowWriter, Run};
use crate::row::RowLayout;
use crate::sort::buffer::{PagedRows, whole_rows};
use crate::sort::key::{Bounds, Encoding, Key, WideKey, most_bits};
use crate::sort::order::OrderKey;
use crate::sort::small_rows::arriving::Arriving;
use crate::sort::small_rows::buckets::Buckets;
use crate::sort::small_rows::sharing::KeyBounds;
use crate::sort::small_rows::sizes::{pages_lost_to_chunks, spare_pages};
use crate::sort::small_rows::splitters::{SharedSplitters, Splitters, are_worth};
use crate::sort::small_rows::spread;
use crate::sort::small_rows::{Moved, Over, PagesInOrder, Unsorted};

/// The widest rows that are moved.
const MOST_WIDTH: usize = 32;

/// Small plain rows that are only sorted and emitted, once. The rows themselves are moved, which is faster than to sort an index of them and takes no
/// index. Emitting gives them up.
pub struct BucketSort {
    /// Those that lie in pages. Their bounds are those of all rows.
    rows: PagedRows,
    state: State,
    /// What rows are spread over as they come is agreed here.
    splitters: Arc<SharedSplitters>,
    /// For what is not pages.
    paid: Reservation,
    memory: Memory,
}

enum State {
    /// All rows lie in pages, and others are there to move them by.
    Paged { spare: Vec<Run>, next: Coming },
    /// Rows lie in buckets, and some in pages.
    Spreading { arriving: Arriving, next: Coming },
    /// They are in order, so many of them; their pages take so many bytes.
    Ordered { rows: Box<dyn Moved>, len: usize, page_bytes: usize },
    /// What went wrong in sorting: to be said by whoever emits.
    Failed(Error),
}

/// What becomes of the rows that come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coming {
    /// They are spread, once there are many.
    Spread,
    /// They are left in their pages: rows are in order, nothing can be guessed of them, or they lie beside what was.
    Stay,
}

impl Coming {
    fn of(spread: bool) -> Self {
        if spread { Coming::Spread } else { Coming::Stay }
    }
}

impl State {
    fn empty() -> Self {
        State::Paged { spare: Vec::new(), next: Coming::Spread }
    }
}

impl BucketSort {
    /// Nothing yet of rows that it may sort, and `None` of others: rows are moved where they are small and plain, and their order is one of numbers. Tasks
    /// whose rows are [shared](BucketSort::share) have one guess of splitters.
    ///
    /// # Errors
    /// When the order names a leaf that the rows do not have, or the region cannot be had.
    pub(crate) fn of(
        splitters: Arc<SharedSplitters>,
        layout: &Arc<RowLayout>,
        order: &[OrderKey],
        memory: &Memory,
    ) -> Result<Option<Self>> {
        let rows = PagedRows::new(layout.clone(), order.into(), memory)?;
        let decides = most_bits(&rows.leaves).is_some_and(|bits| (1..=WideKey::BITS).contains(&bits));
        if !decides || layout.has_slots() || layout.width() > MOST_WIDTH {
            return Ok(None);
        }
        let (paid, memory) = (memory.reserve(0)?, memory.clone());
        Ok(Some(BucketSort { rows, state: State::empty(), splitters, paid, memory }))
    }

    /// How many rows it holds.
    pub(crate) fn len(&self) -> usize {
        match &self.state {
            State::Spreading { arriving, .. } => arriving.rows() + self.rows.len(),
            State::Ordered { len, .. } => *len,
            State::Paged { .. } | State::Failed(_) => self.rows.len(),
        }
    }

    /// Bytes of memory that it has reserved: its pages, and what sorting its rows takes.
    pub(crate) fn bytes(&self) -> usize {
        let moved = match &self.state {
            State::Paged { spare, .. } => spare.len() * PAGE_BYTES,
            State::Spreading { arriving, .. } => arriving.pages() * PAGE_BYTES,
            State::Ordered { page_bytes, .. } => *page_bytes,
            State::Failed(_) => 0,
        };
        self.rows.bytes() + self.paid.bytes() + moved
    }

    /// As [`SortBuffer::bytes_for`](crate::sort::SortBuffer::bytes_for).
    pub(crate) fn bytes_for(&self, input: &Input<'_>) -> usize {
        let rows = self.len() + input.len();
        let pages = match &self.state {
            State::Paged { spare, .. } => self.spare_pages(rows).saturating_sub(spare.len()),
            State::Spreading { arriving, .. } => arriving.pages_for(input.len()),
            State::Ordered { .. } | State::Failed(_) => 0,
        };
        self.rows.bytes_for(input) + self.beside_bytes(rows).saturating_sub(self.paid.bytes()) + pages * PAGE_BYTES
    }

    /// Bytes of what is not pages.
    fn beside_bytes(&self, rows: usize) -> usize {
        spread::bytes(rows, self.rows.layout.width())
    }

    /// Pages that so many rows are moved by.
    fn spare_pages(&self, rows: usize) -> usize {
        let width = self.rows.layout.width();
        let as_they_come = self.splitters.are_for(rows, width);
        spare_pages(rows, width, as_they_come) + pages_lost_to_chunks(rows, width)
    }

    /// Bytes of the largest page that rows came to lie in.
    pub(crate) fn largest_page_bytes(&self) -> usize {
        self.rows.largest_page_bytes()
    }

    /// Adds rows, whose leaves lie as in the layout.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), unless there was room for [`BucketSort::bytes_for`] the input. No rows are taken while sorted ones
    /// are left.
    pub(crate) fn add(&mut self, input: &Input<'_>) -> Result<()> {
        let rows = self.len() + input.len();
        self.paid.resize(self.beside_bytes(rows))?;
        let wanted = self.spare_pages(rows);
        let next = match &mut self.state {
            State::Ordered { .. } | State::Failed(_) => {
                return Err(Error::Internal("rows are added to others that are being moved".to_owned()));
            }
            State::Paged { spare, next } => {
                while spare.len() < wanted {
                    spare.push(Run::new(PAGE_BYTES, &self.memory)?);
                }
                *next
            }
            State::Spreading { next: Coming::Stay, .. } => Coming::Stay,
            State::Spreading { arriving, next } => {
                if let Some(first) = whole_rows(input, &self.rows.layout) {
                    arriving.grow(input.len())?;
                    // SAFETY: these are the rows, which hold nothing but the layout's leaves.
                    unsafe {
                        self.rows.widen(first, input.len());
                        arriving.copy(first, input.len())?;
                    }
                    *next = Coming::of(are_worth(arriving.beside(), rows));
                    return Ok(());
                }
                Coming::Spread
            }
        };
        self.rows.add(input)?;
        if next == Coming::Spread && self.splitters.are_for(self.len(), self.rows.layout.width()) {
            self.spread_pages()?;
        }
        Ok(())
    }

    /// Spreads the rows of the closed pages, unless there is nothing to spread them over.
    fn spread_pages(&mut self) -> Result<()> {
        let rows = self.len();
        if let State::Paged { spare, next } = &mut self.state {
            let guess = || Splitters::guess(*self.rows.leaves.first()?, self.rows.bounds.first()?);
            let splitters = if self.rows.is_ascending() { None } else { self.splitters.get(guess) };
            let Some(splitters) = splitters else {
                *next = Coming::Stay;
                return Ok(());
            };
            let of_rows = (self.rows.base, self.rows.layout.width());
            let arriving = Arriving::new(splitters, of_rows, std::mem::take(spare), &self.memory);
            self.state = State::Spreading { arriving, next: Coming::Spread };
        }
        if let State::Spreading { arriving, next } = &mut self.state {
            // SAFETY: the pages are of this layout, which has no slots.
            self.rows.take_pages().into_iter().try_for_each(|page| unsafe { arriving.take(page) })?;
            *next = Coming::of(are_worth(arriving.beside(), rows));
        }
        Ok(())
    }

    /// How many rows were spread as they came, how many of these lie beside what was guessed, and whether those to come are.
    #[cfg(test)]
    pub(crate) fn spread_so_far(&self) -> (usize, usize, bool) {
        match &self.state {
            State::Spreading { arriving, next } => (arriving.rows(), arriving.beside(), *next == Coming::Spread),
            State::Paged { next, .. } => (0, 0, *next == Coming::Spread),
            State::Ordered { .. } | State::Failed(_) => (0, 0, false),
        }
    }

    /// Puts the rows in order; those that are so stay.
    pub(crate) fn sort(&mut self) {
        self.rows.seal();
        let (len, page_bytes) = (self.len(), self.bytes() - self.paid.bytes());
        let rows: Result<Box<dyn Moved>> = match &mut self.state {
            State::Ordered { .. } | State::Failed(_) => return,
            _ if len == 0 => return,
            State::Paged { spare, .. } if self.rows.is_ascending() => {
                let spare = std::mem::take(spare);
                Ok(Box::new(PagesInOrder { pages: self.rows.take_pages().into(), _spare: spare }))
            }
            _ => self.bucketed(len),
        };
        self.state = match rows {
            Ok(rows) => State::Ordered { rows, len, page_bytes },
            Err(error) => State::Failed(error),
        };
    }

    /// Begins to move so many rows, which are all.
    fn bucketed(&mut self, len: usize) -> Result<Box<dyn Moved>> {
        let over = self.known_bounds().over(len);
        let encoding = self.encoding_over(&self.rows.bounds, over);
        let rows = self.take_unsorted();
        // SAFETY: the rows are of this layout, as the order and so the encoding are.
        unsafe {
            Ok(if encoding.bits() <= u64::BITS {
                Box::new(Buckets::<u64>::new(rows, over, encoding, &self.memory)?)
            } else {
                Box::new(Buckets::<WideKey>::new(rows, over, encoding, &self.memory)?)
            })
        }
    }

    fn take_unsorted(&mut self) -> Unsorted {
        let (spare, arrived) = match std::mem::replace(&mut self.state, State::empty()) {
            State::Paged { spare, .. } => (spare, None),
            State::Spreading { arriving, .. } => (Vec::new(), Some(arriving)),
            State::Ordered { .. } | State::Failed(_) => (Vec::new(), None),
        };
        let of_rows = (self.rows.base, self.rows.layout.width());
        Unsorted { pages: self.rows.take_pages(), arrived, spare, of_rows }
    }

    fn arriving(&self) -> Option<&Arriving> {
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
            beside: in_pages + arriving.map_or(0, Arriving::beside),
        }
    }

    /// Keys of rows that are spread over something: ranges are whole among them.
    fn encoding_over(&self, bounds: &[Bounds], over: Over) -> Encoding {
        let mut bounds = bounds.to_vec();
        if let (Over::Ranges(splitters), Some(first)) = (over, bounds.first_mut()) {
            splitters.widen(first);
        }
        self.rows.encoding_of(&bounds)
    }

    /// Gives all rows up, and their memory back.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.paid.release();
        self.state = State::empty();
    }

    /// Writes the next rows in order until a page of `out` is closed; whether rows are left.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), also of sorting them.
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
