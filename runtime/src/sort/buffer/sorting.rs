//! Putting the rows of a buffer in order.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::error::{Error, Result};
use crate::memory::limits::PAGE_BYTES;
use crate::page::Page;
use crate::sort::buffer::SortBuffer;
use crate::sort::buffer::entries::{Direction, Rows, Segment};
use crate::sort::buffer::index::RowIndex;
use crate::sort::key::{Bounds, Encoding, Key, WideKey};
use crate::sort::order::compare_rows;
use crate::sort::small_rows::{Arriving, Buckets, Digit, KeyBounds, Moved, Over, Sizes, SpreadRows, Unsorted};

/// Stretches of a buffer's rows, and rows of each, that are looked at to guess how its rows lie in buckets.
const STRETCHES_LOOKED_AT: usize = 512;
const ROWS_LOOKED_AT: usize = 16;

impl SortBuffer {
    /// Puts the rows in order; without one they stay as they came.
    pub fn sort(&mut self) {
        self.next = 0;
        // Adding rows forgets the encoding.
        if self.order.is_empty() || self.encoding.is_some() {
            return;
        }
        self.seal();
        if self.is_moving {
            self.move_rows();
            return;
        }
        let segments: Vec<Segment> = self.segments_from(0).collect();
        let rows = Rows { base: self.base, width: self.layout.width(), segments: &segments };
        let encoding = self.encoding_of(&self.bounds);
        // SAFETY: the segments hold this buffer's rows.
        let index = unsafe {
            if encoding.bits() <= u64::BITS {
                RowIndex::Narrow(rows.sorted(&encoding, self.undecided(&encoding)))
            } else {
                RowIndex::Wide(rows.sorted(&encoding, self.undecided(&encoding)))
            }
        };
        self.index = OnceCell::from(index);
        self.encoding = Some(encoding);
    }

    /// Begins to move the rows; those that are in order stay.
    fn move_rows(&mut self) {
        if self.len == 0 || self.moved.is_some() {
            return;
        }
        if self.is_ascending() {
            self.moved = Some(Box::new(VecDeque::from(std::mem::take(&mut self.pages))));
            return;
        }
        let over = self.known_bounds().over(self.len);
        let encoding = self.encoding_over(&self.bounds, over);
        let rows = self.take_unsorted();
        // SAFETY: the rows are of this buffer's layout, as its order and so the encoding are.
        let moved = unsafe {
            if encoding.bits() <= u64::BITS {
                Buckets::<u64>::new(rows, over, encoding, &self.memory).map(|moved| Box::new(moved) as _)
            } else {
                Buckets::<WideKey>::new(rows, over, encoding, &self.memory).map(|moved| Box::new(moved) as _)
            }
        };
        match moved {
            Ok(moved) => self.moved = Some(moved),
            Err(error) => self.failed = Some(error),
        }
    }

    fn take_unsorted(&mut self) -> Unsorted {
        let spare = std::mem::take(&mut self.spare);
        self.page_bytes += spare.len() * PAGE_BYTES;
        let (pages, arrived) = (std::mem::take(&mut self.pages), self.arriving.take());
        Unsorted { pages, arrived, spare, of_rows: (self.base, self.layout.width()) }
    }

    /// Whether rows, all of which lie in pages, came in order.
    pub(crate) fn is_ascending(&self) -> bool {
        if self.arriving.is_some() {
            return false;
        }
        let segments: Vec<Segment> = self.segments_from(0).collect();
        let rows = Rows { base: self.base, width: self.layout.width(), segments: &segments };
        // SAFETY: the segments hold this buffer's rows.
        unsafe { rows.direction::<WideKey>(&self.encoding_of(&self.bounds)) == Direction::Ascending }
    }

    /// What is known of the keys of the rows, where these can be spread over buckets that tasks share: they are moved, and not in order already.
    #[must_use]
    pub fn key_bounds(&mut self) -> Option<KeyBounds> {
        if !self.is_moving || self.order.is_empty() || self.encoding.is_some() {
            return None;
        }
        self.seal();
        (self.is_empty() || !self.is_ascending()).then(|| self.known_bounds())
    }

    fn known_bounds(&self) -> KeyBounds {
        let in_pages: usize = self.pages.iter().map(Page::rows).sum();
        let arriving = self.arriving.as_ref();
        KeyBounds {
            bounds: self.bounds.clone(),
            ranges: arriving.map(|arriving| arriving.splitters),
            beside: in_pages + arriving.map_or(0, |arriving| arriving.beside()),
        }
    }

    /// About how many rows would come into each bucket, if the rows of all tasks, which have these bounds, were [shared](SortBuffer::share).
    #[must_use]
    pub fn guess_shares(&self, bounds: &KeyBounds, rows: usize) -> Vec<usize> {
        let width = self.layout.width();
        let gather = self.gather();
        let pages: Vec<Segment> = self.pages.iter().map(|page| (gather.place_of(page), page.rows())).collect();
        match (bounds.over(rows), &self.arriving) {
            (Over::Ranges(splitters), arriving) => {
                let mut guesses = arriving.as_ref().map_or_else(|| vec![0; splitters.buckets()], Arriving::counts);
                let mut buckets = [0; ROWS_LOOKED_AT];
                self.look_at(&pages, |first, count, stands_for| {
                    // SAFETY: so many rows of this buffer begin there.
                    unsafe { splitters.buckets_of(first, width, &mut buckets[..count]) };
                    buckets[..count].iter().for_each(|&bucket| guesses[usize::from(bucket)] += stands_for);
                });
                guesses
            }
            (Over::Bits { rows }, arriving) => {
                let encoding = self.encoding_of(&bounds.bounds);
                let digit = Digit::of(rows, encoding.bits(), Sizes::of(width));
                let mut guesses = vec![0; digit.buckets()];
                let mut keys = [WideKey::default(); ROWS_LOOKED_AT];
                let stretches: Vec<Segment> = arriving.iter().flat_map(Arriving::stretches).chain(pages).collect();
                self.look_at(&stretches, |first, count, stands_for| {
                    // SAFETY: as above.
                    unsafe { encoding.keys(first, width, &mut keys[..count]) };
                    keys[..count].iter().for_each(|&key| guesses[digit.bucket_of(key)] += stands_for);
                });
                guesses
            }
        }
    }

    /// Some rows, which begin at an address, and how many each of them stands for.
    fn look_at(&self, stretches: &[Segment], mut each: impl FnMut(*const u8, usize, usize)) {
        let every = (stretches.len() / STRETCHES_LOOKED_AT).max(1);
        for some in stretches.chunks(every) {
            let Some(&(first, rows)) = some.first() else { continue };
            let count = ROWS_LOOKED_AT.min(rows);
            let all: usize = some.iter().map(|(_, rows)| rows).sum();
            each(self.base.wrapping_add(first), count, all / count.max(1));
        }
    }

    /// Spreads the rows over buckets that are the same for all tasks, whose `rows` rows have these bounds, and gives them. Rows that the buffer then
    /// [takes](SortBuffer::take_shared) it emits.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn share(&mut self, bounds: &KeyBounds, rows: usize) -> Result<SpreadRows> {
        let over = bounds.over(rows);
        let encoding = self.encoding_over(&bounds.bounds, over);
        let rows = self.take_unsorted();
        // SAFETY: the rows are of this buffer's layout, as its order and so the encoding are; a buffer that moves has no slots.
        let (moved, spread): (Box<dyn Moved>, SpreadRows) = unsafe {
            if encoding.bits() <= u64::BITS {
                let (moved, spread) = Buckets::<u64>::sharing(rows, over, encoding, &self.memory)?;
                (Box::new(moved), spread)
            } else {
                let (moved, spread) = Buckets::<WideKey>::sharing(rows, over, encoding, &self.memory)?;
                (Box::new(moved), spread)
            }
        };
        self.moved = Some(moved);
        Ok(spread)
    }

    /// Takes the rows of some buckets, from every task, to be emitted.
    ///
    /// # Errors
    /// Where the buffer has not [shared](SortBuffer::share) its own.
    pub fn take_shared(&mut self, parts: Vec<SpreadRows>) -> Result<()> {
        let none = || Error::Internal("rows were shared with a buffer that shares none".to_owned());
        self.len = parts.iter().flat_map(SpreadRows::rows).sum();
        self.moved.as_mut().ok_or_else(none)?.take(parts)
    }

    /// Keys of rows that are spread over something: ranges are whole among them.
    fn encoding_over(&self, bounds: &[Bounds], over: Over) -> Encoding {
        let mut bounds = bounds.to_vec();
        if let (Over::Ranges(splitters), Some(first)) = (over, bounds.first_mut()) {
            splitters.widen(first);
        }
        self.encoding_of(&bounds)
    }

    /// A key of 8 bytes where that decides, else of 16.
    pub(crate) fn encoding_of(&self, bounds: &[Bounds]) -> Encoding {
        let narrow = Encoding::new(&self.leaves, bounds, u64::BITS);
        if narrow.decides() { narrow } else { Encoding::new(&self.leaves, bounds, WideKey::BITS) }
    }

    /// The order of the rows at two places of this buffer whose keys are equal.
    pub(crate) fn undecided(&self, encoding: &Encoding) -> impl Fn(usize, usize) -> Ordering {
        let order = &self.leaves[encoding.undecided()..];
        // SAFETY: both are rows of this buffer.
        move |left, right| unsafe { compare_rows(order, self.base.wrapping_add(left), self.base.wrapping_add(right)) }
    }
}
