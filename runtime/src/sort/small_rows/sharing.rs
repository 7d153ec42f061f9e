//! Buckets that the tasks of one order share: each spreads its rows over the same ones, and sorts some of them with the rows of all.

use std::ops::Range;
use std::sync::Arc;

use crate::page::Run;
use crate::sort::key::Bounds;
use crate::sort::small_rows::Over;
use crate::sort::small_rows::sizes::Bucket;
use crate::sort::small_rows::splitters::{Splitters, are_worth};

/// What is known of the keys of one task's rows.
#[derive(Clone)]
pub struct KeyBounds {
    pub(crate) bounds: Box<[Bounds]>,
    /// What rows were spread over as they came, where some were; and how many were not spread, or lie beside the ranges.
    pub(crate) ranges: Option<Splitters>,
    pub(crate) beside: usize,
}

impl KeyBounds {
    /// Widens them by those of another task.
    pub fn join(&mut self, other: &KeyBounds) {
        self.bounds.iter_mut().zip(&other.bounds).for_each(|(bounds, other)| bounds.join(other));
        self.beside = match (self.ranges, other.ranges) {
            // Two guesses are none.
            (Some(own), Some(theirs)) if own != theirs => usize::MAX,
            _ => self.beside.saturating_add(other.beside),
        };
        self.ranges = self.ranges.or(other.ranges);
    }

    /// What so many rows, which are all, are to be spread over.
    pub(crate) fn over(&self, rows: usize) -> Over {
        match self.ranges {
            Some(splitters) if are_worth(self.beside, rows) => Over::Ranges(splitters),
            _ => Over::Bits { rows },
        }
    }
}

/// The rows of one task in buckets, and the memory that they lie in.
pub struct SpreadRows {
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) runs: Arc<Vec<Run>>,
}

impl SpreadRows {
    /// How many rows are in each bucket, in the order of their keys.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        self.buckets.iter().map(|bucket| bucket.rows)
    }

    /// Takes the rows of some buckets: by whoever sorts these, alone. Who takes the last rows leaves no memory behind.
    #[must_use]
    pub fn take(&mut self, range: Range<usize>) -> SpreadRows {
        let empty = |bucket: &mut Bucket| Bucket::of(Vec::new(), bucket.digits);
        let range = range.start.min(self.buckets.len())..range.end.min(self.buckets.len());
        let buckets = self.buckets[range].iter_mut().map(|bucket| {
            let empty = empty(bucket);
            std::mem::replace(bucket, empty)
        });
        let buckets = buckets.collect();
        let are_left = self.buckets.iter().any(|bucket| bucket.rows > 0);
        let runs = if are_left { self.runs.clone() } else { std::mem::take(&mut self.runs) };
        SpreadRows { buckets, runs }
    }
}
