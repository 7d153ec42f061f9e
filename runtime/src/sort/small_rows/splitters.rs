//! Buckets for rows that still come: what bounds their keys is then only guessed.
//!
//! The values of an order's first leaf are cut into ranges of one width, a power of two, between bounds that hold for the first rows. What comes later and
//! lies before or behind them goes to a bucket of its own at either end, so that the buckets are in order whatever comes.

use std::sync::OnceLock;

use crate::page::LeafPtr;
use crate::sort::key::{Bounds, Number, with_numbers};
use crate::sort::order::OrderLeaf;
use crate::sort::small_rows::sizes::MOST_BUCKETS_LOG2;

/// Rows are spread as they come once there are so many bytes of them: before, nothing is known of those that will come, and open chunks of many buckets
/// would be much beside few rows.
const FROM_BYTES: usize = 32 << 20;
/// Fewer ranges leave too much to be spread again.
const FEWEST_RANGES: u128 = 1 << (MOST_BUCKETS_LOG2 - 1);
/// The ranges are worth nothing once one of so many rows lies beside them.
const BESIDE: usize = 8;

/// Where ranges of values begin.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Splitters {
    leaf: OrderLeaf,
    /// The first value of all ranges, and the last.
    bounds: (u128, u128),
    /// Values of a range agree in all but so many low bits.
    pub(crate) bits: u32,
}

impl Splitters {
    /// Ranges between the bounds of some values, unless these are too close to each other.
    pub(crate) fn guess(leaf: OrderLeaf, bounds: &Bounds) -> Option<Self> {
        let &Bounds::Numbers(least, most) = bounds else { return None };
        let ranges = |bits: u32| (most >> bits).saturating_sub(least >> bits).saturating_add(1);
        let bits = (0..u128::BITS).find(|&bits| ranges(bits) <= 1 << MOST_BUCKETS_LOG2)?;
        if leaf.offset.is_none() || least > most || ranges(bits) < FEWEST_RANGES {
            return None;
        }
        let mut splitters = Splitters { leaf, bounds: (least, most), bits };
        splitters.bounds = splitters.whole_ranges(least, most);
        Some(splitters)
    }

    /// The bounds of the ranges that two values lie in, whether these are among those that were guessed or not.
    fn whole_ranges(&self, least: u128, most: u128) -> (u128, u128) {
        let low = (1 << self.bits) - 1;
        (least & !low, most | low)
    }

    /// Bounds of all keys, such that ranges are what keys agree in that have one number [above](crate::sort::key::Key::above) the bits of a range.
    pub(crate) fn widen(&self, bounds: &mut Bounds) {
        if let Bounds::Numbers(least, most) = bounds
            && least <= most
        {
            (*least, *most) = self.whole_ranges(*least, *most);
        }
    }

    fn ranges(&self) -> usize {
        ((self.bounds.1 >> self.bits) - (self.bounds.0 >> self.bits) + 1) as usize
    }

    /// The ranges and what lies beside them.
    pub(crate) fn buckets(&self) -> usize {
        self.ranges() + 2
    }

    /// The buckets of rows that lie `width` bytes apart.
    ///
    /// # Safety
    /// As many rows as there are buckets begin at `first`, of the order's layout.
    pub(crate) unsafe fn buckets_of(&self, first: *const u8, width: usize, buckets: &mut [u16]) {
        let values = self.leaf.of_rows(first, width);
        // SAFETY: the caller's promise; `Raw` has the leaf's width.
        unsafe {
            with_numbers!(self.leaf.ty, (Raw, number) => self.find::<Raw, _>(values, number, buckets), else buckets.fill(0));
        }
    }

    /// # Safety
    /// The leaf may be read at as many rows as there are buckets; `P` has its width.
    #[inline(always)]
    unsafe fn find<P: Copy, N: Number>(&self, values: LeafPtr, number: impl Fn(P) -> N, buckets: &mut [u16]) {
        // Complements are in the opposite order, and begin where the greatest value ends.
        let (least, most) = self.bounds;
        let (flip, begin) = if self.leaf.descending { (u128::MAX, !most) } else { (0, least) };
        let (flip, begin, span) = (N::of(flip), N::of(begin), N::of(most - least));
        let behind = self.ranges() as u16 + 1;
        for (row, bucket) in buckets.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            let value = number(unsafe { values.read(row) }) ^ flip;
            let distance = value.less(begin);
            *bucket = if distance <= span {
                distance.without(self.bits).low() as u16 + 1
            } else if value < begin {
                0
            } else {
                behind
            };
        }
    }
}

/// The splitters of all tasks of one order. They are guessed once, or found to be none, and hold for all rows to come, also when a buffer is filled again.
pub struct SharedSplitters {
    from_bytes: usize,
    guess: OnceLock<Option<Splitters>>,
}

impl Default for SharedSplitters {
    fn default() -> Self {
        Self::from_bytes(FROM_BYTES)
    }
}

impl SharedSplitters {
    /// For rows that are spread as they come once there are so many bytes of them.
    #[must_use]
    pub fn from_bytes(from_bytes: usize) -> Self {
        SharedSplitters { from_bytes, guess: OnceLock::new() }
    }

    /// Whether so many rows are spread as they come.
    pub(crate) fn are_for(&self, rows: usize, width: usize) -> bool {
        rows * width >= self.from_bytes
    }

    /// Whoever asks first guesses.
    pub(crate) fn get(&self, guess: impl FnOnce() -> Option<Splitters>) -> Option<Splitters> {
        *self.guess.get_or_init(guess)
    }
}

/// Whether ranges are worth anything that so many of some rows lie beside.
pub(crate) fn are_worth(beside: usize, rows: usize) -> bool {
    beside <= rows / BESIDE
}
