//! Sharing of rows: bounds of the keys, an estimate of the rows per bucket, and the exchange of the
//! rows.

use super::{BucketSort, State};
use crate::error::{Error, Result};
use crate::sort::buffer::Segment;
use crate::sort::key::WideKey;
use crate::sort::small_rows::arriving::Arriving;
use crate::sort::small_rows::buckets::Buckets;
use crate::sort::small_rows::sharing::{KeyBounds, SpreadRows};
use crate::sort::small_rows::sizes::{Digit, Sizes};
use crate::sort::small_rows::{Moved, Over};

/// Stretches of consecutive rows that a task samples, and sampled rows of each.
const STRETCHES_LOOKED_AT: usize = 512;
const ROWS_LOOKED_AT: usize = 16;

impl BucketSort {
    /// The bounds of the keys. `None` if the rows cannot be spread over shared buckets, because
    /// they are sorted or were added in order.
    pub(crate) fn key_bounds(&mut self) -> Option<KeyBounds> {
        self.rows.seal();
        let is_spread = match &self.state {
            State::Paged { .. } => self.len() == 0 || !self.rows.is_ascending(),
            State::Spreading { .. } => true,
            State::Ordered { .. } | State::Failed(_) => false,
        };
        is_spread.then(|| self.known_bounds())
    }

    /// An estimate of the number of its rows in each bucket if rows are
    /// [shared](BucketSort::share). `bounds` and `rows` are those of all tasks.
    pub(crate) fn guess_shares(&self, bounds: &KeyBounds, rows: usize) -> Vec<usize> {
        let width = self.rows.layout.width();
        let pages: Vec<Segment> = self.rows.segments().collect();
        match (bounds.over(rows), self.arriving()) {
            (Over::Ranges(splitters), arriving) => {
                let mut guesses = arriving.map_or_else(|| vec![0; splitters.buckets()], Arriving::counts);
                let mut buckets = [0; ROWS_LOOKED_AT];
                self.look_at(&pages, |first, count, stands_for| {
                    // SAFETY: `count` of these rows begin there.
                    unsafe { splitters.buckets_of(first, width, &mut buckets[..count]) };
                    buckets[..count].iter().for_each(|&bucket| guesses[usize::from(bucket)] += stands_for);
                });
                guesses
            }
            (Over::Bits { rows }, arriving) => {
                let encoding = self.rows.encoding_of(&bounds.bounds);
                let digit = Digit::of(rows, encoding.bits(), Sizes::of(width));
                let mut guesses = vec![0; digit.buckets()];
                let mut keys = [WideKey::default(); ROWS_LOOKED_AT];
                let stretches: Vec<Segment> = arriving.into_iter().flat_map(Arriving::stretches).chain(pages).collect();
                self.look_at(&stretches, |first, count, stands_for| {
                    // SAFETY: as above.
                    unsafe { encoding.keys(first, width, &mut keys[..count]) };
                    keys[..count].iter().for_each(|&key| guesses[digit.bucket_of(key)] += stands_for);
                });
                guesses
            }
        }
    }

    /// Calls `each` with the address of sampled rows, their number, and the number of rows that
    /// each stands for.
    fn look_at(&self, stretches: &[Segment], mut each: impl FnMut(*const u8, usize, usize)) {
        let every = (stretches.len() / STRETCHES_LOOKED_AT).max(1);
        for some in stretches.chunks(every) {
            let Some(&(first, rows)) = some.first() else { continue };
            let count = ROWS_LOOKED_AT.min(rows);
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
        let over = bounds.over(rows);
        let encoding = self.encoding_over(&bounds.bounds, over);
        let (len, page_bytes) = (self.len(), self.bytes() - self.paid.bytes());
        let rows = self.take_unsorted();
        // SAFETY: the rows are of this layout, as the order and so the encoding are; it has no
        // slots.
        let (rows, spread): (Box<dyn Moved>, SpreadRows) = unsafe {
            if encoding.bits() <= u64::BITS {
                let (moved, spread) = Buckets::<u64>::sharing(rows, over, encoding, &self.memory)?;
                (Box::new(moved), spread)
            } else {
                let (moved, spread) = Buckets::<WideKey>::sharing(rows, over, encoding, &self.memory)?;
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
        rows.take(parts)
    }
}
