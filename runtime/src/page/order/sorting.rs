//! Putting the rows of a buffer in order.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::VecDeque;

use super::SortBuffer;
use super::bounds::Bounds;
use super::compare::compare_rows;
use super::encoding::{Encoding, Key, WideKey};
use super::entries::{Direction, Rows, Segment};
use super::kept::Index;
use super::moving::{Buckets, KeyBounds, Moved, Sizes, Spread, SpreadRows};
use crate::error::{Error, Result};
use crate::page::region::PAGE_BYTES;
use crate::page::run::Page;

/// Pages of a buffer, and rows of each, that are looked at to guess how its rows lie in buckets.
const PAGES_LOOKED_AT: usize = 512;
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
        let segments: Vec<Segment> = self.segments_from(0).collect();
        let rows = Rows { base: self.base, width: self.layout.width(), segments: &segments };
        let encoding = self.encoding();
        if self.is_moving {
            // SAFETY: as below.
            let direction = unsafe { rows.direction::<WideKey>(&encoding) };
            self.move_rows(encoding, direction == Direction::Ascending);
            return;
        }
        // SAFETY: the segments hold this buffer's rows.
        let index = unsafe {
            if encoding.bits() <= u64::BITS {
                Index::Narrow(rows.sorted(&encoding, self.undecided(&encoding)))
            } else {
                Index::Wide(rows.sorted(&encoding, self.undecided(&encoding)))
            }
        };
        self.index = OnceCell::from(index);
        self.encoding = Some(encoding);
    }

    /// Begins to move the rows; those that are in order stay.
    fn move_rows(&mut self, encoding: Encoding, are_in_order: bool) {
        let (pages, of_rows) = (std::mem::take(&mut self.pages), (self.base, self.layout.width()));
        if pages.is_empty() {
            return;
        }
        if are_in_order {
            self.moved = Some(Box::new(VecDeque::from(pages)));
            return;
        }
        let spare = std::mem::take(&mut self.spare);
        self.page_bytes += spare.len() * PAGE_BYTES;
        // SAFETY: the pages are of this buffer's layout, as its order and so the encoding are.
        let moved = unsafe {
            if encoding.bits() <= u64::BITS {
                Buckets::<u64>::new(pages, spare, encoding, of_rows, &self.memory).map(|moved| Box::new(moved) as _)
            } else {
                Buckets::<WideKey>::new(pages, spare, encoding, of_rows, &self.memory).map(|moved| Box::new(moved) as _)
            }
        };
        match moved {
            Ok(moved) => self.moved = Some(moved),
            Err(error) => self.failed = Some(error),
        }
    }

    /// What is known of the keys of the rows, where these can be spread over buckets that tasks share: they are moved, and not in order already.
    #[must_use]
    pub fn key_bounds(&mut self) -> Option<KeyBounds> {
        if !self.is_moving || self.order.is_empty() || self.encoding.is_some() {
            return None;
        }
        self.seal();
        let segments: Vec<Segment> = self.segments_from(0).collect();
        let rows = Rows { base: self.base, width: self.layout.width(), segments: &segments };
        // SAFETY: the segments hold this buffer's rows.
        let direction = unsafe { rows.direction::<WideKey>(&self.encoding()) };
        (self.is_empty() || direction != Direction::Ascending).then(|| KeyBounds(self.bounds.clone()))
    }

    /// About how many rows would come into each bucket, if the rows of all tasks, which have these bounds, were [shared](SortBuffer::share).
    #[must_use]
    pub fn guess_shares(&self, bounds: &KeyBounds, rows: usize) -> Vec<usize> {
        let encoding = self.encoding_of(&bounds.0);
        let spread = Spread::new(rows, encoding.bits(), Sizes::of(self.layout.width()));
        let mut guesses = vec![0; spread.buckets()];
        let mut keys = [WideKey::default(); ROWS_LOOKED_AT];
        let every = (self.pages.len() / PAGES_LOOKED_AT).max(1);
        for stretch in self.pages.chunks(every) {
            let Some(page) = stretch.first() else { continue };
            let of_page = ROWS_LOOKED_AT.min(page.rows());
            let first = self.base.wrapping_add(self.gather().place_of(page));
            // SAFETY: so many rows of this buffer begin there.
            unsafe { encoding.keys(first, self.layout.width(), &mut keys[..of_page]) };
            let stands_for = stretch.iter().map(Page::rows).sum::<usize>() / of_page.max(1);
            keys[..of_page].iter().for_each(|&key| guesses[spread.bucket_of(key)] += stands_for);
        }
        guesses
    }

    /// Spreads the rows over buckets that are the same for all tasks, whose `rows` rows have these bounds, and gives them. Rows that the buffer then
    /// [takes](SortBuffer::take_shared) it emits.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn share(&mut self, bounds: &KeyBounds, rows: usize) -> Result<SpreadRows> {
        let encoding = self.encoding_of(&bounds.0);
        let (pages, of_rows) = ((std::mem::take(&mut self.pages), rows), (self.base, self.layout.width()));
        let spare = std::mem::take(&mut self.spare);
        self.page_bytes += spare.len() * PAGE_BYTES;
        // SAFETY: the pages are of this buffer's layout, as its order and so the encoding are; a buffer that moves has no slots.
        let (moved, spread): (Box<dyn Moved>, SpreadRows) = unsafe {
            if encoding.bits() <= u64::BITS {
                let (moved, spread) = Buckets::<u64>::sharing(pages, spare, encoding, of_rows, &self.memory)?;
                (Box::new(moved), spread)
            } else {
                let (moved, spread) = Buckets::<WideKey>::sharing(pages, spare, encoding, of_rows, &self.memory)?;
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

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding_of(&self.bounds)
    }

    /// A key of 8 bytes where that decides, else of 16.
    fn encoding_of(&self, bounds: &[Bounds]) -> Encoding {
        let narrow = Encoding::new(&self.leaves, bounds, u64::BITS);
        if narrow.decides() { narrow } else { Encoding::new(&self.leaves, bounds, WideKey::BITS) }
    }

    /// The order of the rows at two places of this buffer whose keys are equal.
    pub(super) fn undecided(&self, encoding: &Encoding) -> impl Fn(usize, usize) -> Ordering {
        let order = &self.leaves[encoding.undecided()..];
        // SAFETY: both are rows of this buffer.
        move |left, right| unsafe { compare_rows(order, self.base.wrapping_add(left), self.base.wrapping_add(right)) }
    }
}
