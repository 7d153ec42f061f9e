//! Bucket sort: sorts small plain rows by moving them, without an index and with little extra
//! memory.
//!
//! Rows are spread over at most 256 buckets, by the highest key bits in which they differ. They are
//! copied from their pages into chunks of 8 KiB, which are cut from pages that were read before. A
//! bucket that does not fit a core's second cache is spread again, level by level. A bucket that
//! fits is sorted when it is the next to emit, by 64-bit numbers: 48 bits of the key, and 16 bits
//! that number the row. Its rows are then copied to the output in that order.
//!
//! Two levels of open chunks are always enough, and are reserved when rows are added. If skewed
//! keys need more levels, the last rows of waiting buckets share chunks (`tails`).
//!
//! `benches -- sort` takes 3.0 times as long with an index of the rows instead, 1.5 times in a
//! quarter of its memory, and 1.2 times in a sixteenth. To measure it again, return `None` from
//! [`BucketSort::of`] in an earlier binary, and pass that as `--earlier`.
//!
//! # Spreading on arrival
//! After the first 32 MiB of a task, rows are spread [when they are added](arriving), while they
//! are in a core's cache. That saves a copy and a read of each row: a sixth of the time of an
//! in-memory sort. Columns, and rows with bytes between their leaves, are first packed into a page.
//! The page is spread when it is full.
//!
//! The bounds of the keys are then an estimate from the rows so far, which all tasks share
//! ([`SharedSplitters`]). Rows out of the bounds go to a bucket at either end, so the order is
//! always correct. If more than an eighth of the rows is out of the bounds, as with keys that rise
//! with time, later rows stay in their pages. All rows are then spread at the end, by their true
//! bounds.
//!
//! # Rows of several tasks
//! If all tasks have all their rows in memory, nothing is merged. The tasks exchange the bounds of
//! their keys and spread over the same buckets. Each sorts some buckets with the rows of all tasks.
//! Compared with a merge this is a third less work, and needs no second copy of the rows.
//!
//! The tasks first estimate the sizes of the buckets from a sample. If one task would get many more
//! rows than others, runs are merged instead. Shared memory is freed after all tasks have stopped
//! using it. So a task that is asked to spill asks the others to do the same.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod arriving;
mod bucket_sort;
mod buckets;
mod chunks;
mod sharing;
mod sizes;
mod splitters;
mod spread;
mod tails;

pub use bucket_sort::BucketSort;
pub use sharing::{KeyBounds, SpreadRows};
pub use splitters::SharedSplitters;

use std::collections::VecDeque;

use crate::error::{Error, Result};
use crate::page::{Page, RowWriter, Run};
use crate::sort::buffer::Gather;
use crate::sort::small_rows::arriving::ArrivingRows;
use crate::sort::small_rows::splitters::Splitters;

/// Sorted rows that are emitted.
pub(crate) trait SortedOutput: Send {
    /// See [`BucketSort::emit`].
    fn emit(&mut self, gather: &Gather, out: &mut RowWriter) -> Result<bool>;

    /// Receives the rows of the buckets that this task sorts: one part from each task.
    fn take_shared(&mut self, _: Vec<SpreadRows>) -> Result<()> {
        Err(Error::Internal("rows were shared with whom they were not spread for".to_owned()))
    }
}

/// Pages whose rows were added in order, and the spare pages, which are not needed then.
pub(crate) struct PagesInOrder {
    pub(crate) pages: VecDeque<Page>,
    pub(crate) _spare: Vec<Run>,
}

impl SortedOutput for PagesInOrder {
    fn emit(&mut self, gather: &Gather, out: &mut RowWriter) -> Result<bool> {
        while !out.has_sealed() {
            let Some(page) = self.pages.pop_front() else { break };
            if page.layout() == out.layout() {
                out.push_sealed(page);
            } else {
                // SAFETY: the page's rows begin there, and it lives until they are copied.
                unsafe { gather.copy_stretch(gather.place_of(&page), page.rows(), out)? };
            }
        }
        Ok(!self.pages.is_empty())
    }
}

/// Rows before they are sorted.
pub(crate) struct Unsorted {
    /// Rows in the order of arrival, in pages of a layout without slots.
    pub(crate) pages: Vec<Page>,
    /// Rows that were spread on arrival.
    pub(crate) arrived: Option<ArrivingRows>,
    /// Spare pages for moving rows.
    pub(crate) spare: Vec<Run>,
    /// The address that places are offsets from, and the bytes of a row.
    pub(crate) base_and_width: (*const u8, usize),
}

/// The way in which rows are assigned to buckets.
#[derive(Clone, Copy)]
pub(crate) enum BucketAssignment {
    /// By estimated ranges of the first leaf.
    Ranges(Splitters),
    /// By the highest bits of their keys, as many as suit `rows` rows.
    Bits { rows: usize },
}
