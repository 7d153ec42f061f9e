//! Buckets that the tasks of an order share. Each task spreads its rows over the same buckets, and
//! sorts some buckets with the rows of all tasks.

use std::ops::Range;
use std::sync::Arc;

use crate::page::Run;
use crate::sort::key::Bounds;
use crate::sort::small_rows::BucketAssignment;
use crate::sort::small_rows::sizes::Bucket;
use crate::sort::small_rows::splitters::{Splitters, are_useful};

/// The bounds of the keys of one task's rows.
#[derive(Clone)]
pub struct KeyBounds {
    pub(crate) bounds: Box<[Bounds]>,
    /// The ranges, if rows were spread on arrival.
    pub(crate) ranges: Option<Splitters>,
    /// The number of rows that were not spread or are out of the ranges. `usize::MAX` if ranges
    /// differ.
    pub(crate) outside: usize,
}

impl KeyBounds {
    /// Widens the bounds by those of another task.
    pub fn join(&mut self, other: &KeyBounds) {
        self.bounds.iter_mut().zip(&other.bounds).for_each(|(bounds, other)| bounds.join(other));
        self.outside = match (self.ranges, other.ranges) {
            // Rows were spread over different ranges, so neither can be used.
            (Some(own), Some(theirs)) if own != theirs => usize::MAX,
            _ => self.outside.saturating_add(other.outside),
        };
        self.ranges = self.ranges.or(other.ranges);
    }

    /// The way to assign rows to buckets, if there are `rows` rows in all tasks.
    pub(crate) fn assignment(&self, rows: usize) -> BucketAssignment {
        match self.ranges {
            Some(splitters) if are_useful(self.outside, rows) => BucketAssignment::Ranges(splitters),
            _ => BucketAssignment::Bits { rows },
        }
    }
}

/// The rows of one task in buckets, and the memory that they are in.
pub struct SpreadRows {
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) runs: Arc<Vec<Run>>,
}

impl SpreadRows {
    /// The number of rows in each bucket, in the order of their keys.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        self.buckets.iter().map(|bucket| bucket.rows)
    }

    /// Takes the rows of some buckets. Only the task that sorts these may take them. After the last
    /// rows were taken, it no longer holds the memory.
    #[must_use]
    pub fn take(&mut self, range: Range<usize>) -> SpreadRows {
        let empty = |bucket: &mut Bucket| Bucket::of(Vec::new(), bucket.differing_bits);
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
