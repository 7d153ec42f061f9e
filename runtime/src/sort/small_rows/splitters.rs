//! Buckets for rows that have not arrived yet, so the bounds of their keys are estimated.
//!
//! The values of the first leaf of the order are cut into ranges of equal width, a power of two,
//! within the bounds of the first rows. A later row with a value out of these bounds goes to a
//! bucket at either end. So the buckets are always in order.

use std::sync::OnceLock;

use crate::page::LeafPtr;
use crate::sort::key::{Bounds, Number, with_numbers};
use crate::sort::order::OrderLeaf;
use crate::sort::small_rows::sizes::MAX_BUCKETS_LOG2;

/// Bytes of rows from which on a task spreads rows on arrival. Fewer rows are a poor estimate for
/// later ones, and open chunks of many buckets would take much memory compared with them.
const MIN_SPREAD_BYTES: usize = 32 << 20;
/// The smallest number of ranges. With fewer, too many rows must be spread again.
const MIN_RANGES: u128 = 1 << (MAX_BUCKETS_LOG2 - 1);
/// Ranges are useful while at most one row in this number is out of them.
const OUTSIDE_DIVISOR: usize = 8;

/// The boundaries of ranges of values.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Splitters {
    leaf: OrderLeaf,
    /// The least and the greatest value in the ranges.
    bounds: (u128, u128),
    /// Values of a range agree in all but this number of low bits.
    pub(crate) bits: u32,
}

impl Splitters {
    /// Ranges within the bounds of some values. `None` if there are no values, or if these are too
    /// close to each other.
    pub(crate) fn estimate(leaf: OrderLeaf, bounds: &Bounds) -> Option<Self> {
        let &Bounds::Numbers(least, most) = bounds else { return None };
        let ranges = |bits: u32| (most >> bits).saturating_sub(least >> bits).saturating_add(1);
        let bits = (0..u128::BITS).find(|&bits| ranges(bits) <= 1 << MAX_BUCKETS_LOG2)?;
        if leaf.offset.is_none() || least > most || ranges(bits) < MIN_RANGES {
            return None;
        }
        let mut splitters = Splitters { leaf, bounds: (least, most), bits };
        splitters.bounds = splitters.whole_ranges(least, most);
        Some(splitters)
    }

    /// Widens bounds to whole ranges. They may be out of the estimated ones.
    fn whole_ranges(&self, least: u128, most: u128) -> (u128, u128) {
        let low = (1 << self.bits) - 1;
        (least & !low, most | low)
    }

    /// Widens the bounds of all keys to whole ranges. Then two keys are in one range if and only if
    /// they agree in all but the low bits of a range.
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

    /// The number of buckets: the ranges, and one bucket at either end.
    pub(crate) fn buckets(&self) -> usize {
        self.ranges() + 2
    }

    /// Computes the buckets of consecutive rows of `width` bytes each.
    ///
    /// # Safety
    /// As many rows of the order's layout as `buckets` has items begin at `first`.
    pub(crate) unsafe fn buckets_of(&self, first: *const u8, width: usize, buckets: &mut [u16]) {
        let values = self.leaf.of_rows(first, width);
        // SAFETY: the caller's promise; `Raw` has the leaf's width.
        unsafe {
            with_numbers!(self.leaf.ty, (Raw, number) => self.find::<Raw, _>(values, number, buckets), else buckets.fill(0));
        }
    }

    /// As [`Splitters::buckets_of`].
    ///
    /// # Safety
    /// The leaf may be read at as many rows as there are buckets; `P` has its width.
    #[inline(always)]
    unsafe fn find<P: Copy, N: Number>(&self, values: LeafPtr, number: impl Fn(P) -> N, buckets: &mut [u16]) {
        // For a descending leaf, complements are compared. They begin with that of the greatest
        // value.
        let (least, most) = self.bounds;
        let (flip, begin) = if self.leaf.descending { (u128::MAX, !most) } else { (0, least) };
        let (flip, begin, span) = (N::of(flip), N::of(begin), N::of(most - least));
        let after_ranges = self.ranges() as u16 + 1;
        for (row, bucket) in buckets.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            let value = number(unsafe { values.read(row) }) ^ flip;
            let distance = value.minus(begin);
            *bucket = if distance <= span {
                distance.without(self.bits).low() as u16 + 1
            } else if value < begin {
                0
            } else {
                after_ranges
            };
        }
    }
}

/// The splitters of all tasks of an order. They are estimated once and hold for all later rows,
/// also if a buffer is filled again.
pub struct SharedSplitters {
    min_bytes: usize,
    estimate: OnceLock<Option<Splitters>>,
}

impl Default for SharedSplitters {
    fn default() -> Self {
        Self::with_min_bytes(MIN_SPREAD_BYTES)
    }
}

impl SharedSplitters {
    /// For rows that are spread on arrival once a task has `min_bytes` bytes of them.
    #[must_use]
    pub fn with_min_bytes(min_bytes: usize) -> Self {
        SharedSplitters { min_bytes, estimate: OnceLock::new() }
    }

    /// Returns `true` if `rows` rows are enough to spread them on arrival.
    pub(crate) fn apply_to(&self, rows: usize, width: usize) -> bool {
        rows * width >= self.min_bytes
    }

    /// The splitters, or `None` if no ranges are useful. The first call estimates them.
    pub(crate) fn get(&self, estimate: impl FnOnce() -> Option<Splitters>) -> Option<Splitters> {
        *self.estimate.get_or_init(estimate)
    }
}

/// Returns `true` if ranges are useful while `outside` of `rows` rows are out of them.
pub(crate) fn are_useful(outside: usize, rows: usize) -> bool {
    outside <= rows / OUTSIDE_DIVISOR
}
