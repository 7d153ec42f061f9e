//! Sharing of rows: bounds of the keys, an estimate of the rows per bucket, and the exchange of the
//! rows.

use super::{BucketSort, State};
use crate::error::{Error, Result};
use crate::sort::buffer::Segment;
use crate::sort::key::WideKey;
use crate::sort::small_rows::arriving::ArrivingRows;
use crate::sort::small_rows::buckets::Buckets;
use crate::sort::small_rows::sharing::{KeyBounds, SpreadRows};
use crate::sort::small_rows::sizes::{Digit, Sizes};
use crate::sort::small_rows::{BucketAssignment, SortedOutput};

/// Stretches of consecutive rows that a task samples, and sampled rows of each.
const SAMPLED_STRETCHES: usize = 512;
const SAMPLED_ROWS: usize = 16;

impl BucketSort {
    /// The bounds of the keys. `None` if the rows cannot be spread over shared buckets, because
    /// they are sorted or were added in order.
    pub(crate) fn key_bounds(&mut self) -> Option<KeyBounds> {
        self.rows.seal();
        let is_spread = match &self.state {
            State::Paged { .. } => self.len() == 0 || !self.rows.is_in_order(),
            State::Spreading { .. } => true,
            State::Ordered { .. } | State::Failed(_) => false,
        };
        is_spread.then(|| self.known_bounds())
    }

    /// An estimate of the number of its rows in each bucket if rows are
    /// [shared](BucketSort::share). `bounds` and `rows` are those of all tasks.
    pub(crate) fn estimate_rows_per_bucket(&self, bounds: &KeyBounds, rows: usize) -> Vec<usize> {
        let width = self.rows.layout.width();
        let pages: Vec<Segment> = self.rows.segments().collect();
        match (bounds.assignment(rows), self.arriving()) {
            (BucketAssignment::Ranges(splitters), arriving) => {
                let mut estimates = arriving.map_or_else(|| vec![0; splitters.buckets()], ArrivingRows::bucket_rows);
                let mut buckets = [0; SAMPLED_ROWS];
                self.sample(&pages, |first, count, weight| {
                    // SAFETY: `count` of these rows begin there.
                    unsafe { splitters.buckets_of(first, width, &mut buckets[..count]) };
                    buckets[..count].iter().for_each(|&bucket| estimates[usize::from(bucket)] += weight);
                });
                estimates
            }
            (BucketAssignment::Bits { rows }, arriving) => {
                let encoding = self.rows.encoding_of(&bounds.bounds);
                let digit = Digit::of(rows, encoding.bits(), Sizes::of(width));
                let mut estimates = vec![0; digit.buckets()];
                let mut keys = [WideKey::default(); SAMPLED_ROWS];
                let stretches: Vec<Segment> =
                    arriving.into_iter().flat_map(ArrivingRows::stretches).chain(pages).collect();
                self.sample(&stretches, |first, count, weight| {
                    // SAFETY: as above.
                    unsafe { encoding.keys(first, width, &mut keys[..count]) };
                    keys[..count].iter().for_each(|&key| estimates[digit.bucket_of(key)] += weight);
                });
                estimates
            }
        }
    }

    /// Calls `each` with the address of sampled rows, their number, and the number of rows that
    /// each stands for.
    fn sample(&self, stretches: &[Segment], mut each: impl FnMut(*const u8, usize, usize)) {
        let every = (stretches.len() / SAMPLED_STRETCHES).max(1);
        for some in stretches.chunks(every) {
            let Some(&(first, rows)) = some.first() else { continue };
            let count = SAMPLED_ROWS.min(rows);
            let all: usize = some.iter().map(|(_, rows)| rows).sum();
            each(self.rows.base.wrapping_add(first), count, all / count.max(1));
        }
    }

    /// Spreads its rows over buckets that are the same for all tasks, and returns them. `bounds`
    /// and `rows` are those of all tasks. Afterwards it emits the rows that
    /// [`BucketSort::take_shared`] adds.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is
    /// refused.
    pub(crate) fn share(&mut self, bounds: &KeyBounds, rows: usize) -> Result<SpreadRows> {
        let assignment = bounds.assignment(rows);
        let encoding = self.encoding_for(&bounds.bounds, assignment);
        let (len, page_bytes) = (self.len(), self.bytes() - self.bookkeeping_memory.bytes());
        let rows = self.take_unsorted();
        // SAFETY: the rows are of this layout, as the order and so the encoding are; it has no
        // slots.
        let (rows, spread): (Box<dyn SortedOutput>, SpreadRows) = unsafe {
            if encoding.bits() <= u64::BITS {
                let (moved, spread) = Buckets::<u64>::sharing(rows, assignment, encoding, &self.memory)?;
                (Box::new(moved), spread)
            } else {
                let (moved, spread) = Buckets::<WideKey>::sharing(rows, assignment, encoding, &self.memory)?;
                (Box::new(moved), spread)
            }
        };
        self.state = State::Ordered { rows, len, page_bytes };
        Ok(spread)
    }

    /// Takes the rows of some buckets from all tasks, to emit them.
    ///
    /// # Errors
    /// Fails if it has not [shared](BucketSort::share) its own rows.
    pub(crate) fn take_shared(&mut self, parts: Vec<SpreadRows>) -> Result<()> {
        let State::Ordered { rows, len, .. } = &mut self.state else {
            return Err(Error::Internal("rows were shared with a sort that shares none".to_owned()));
        };
        *len = parts.iter().flat_map(SpreadRows::rows).sum();
        rows.take_shared(parts)
    }
}
