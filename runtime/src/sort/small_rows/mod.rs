//! Sorting small rows by moving them: no index, and no memory beside their own pages but a little.
//!
//! Rows are spread over buckets by the uppermost bits of their keys that differ, from their pages into chunks that come from the pages
//! before; or [as they come](arriving), once there are enough to guess these bits by. A bucket that does not fit a core's second cache is
//! spread again. One that does is sorted when its turn comes, by numbers of 48 bits of the key and 16 for the row, and its rows are copied
//! out in that order.
//!
//! **Rows in memory are not merged at all.** Small plain rows are sorted by spreading them over buckets. Where every task has all of its rows in
//! memory, the tasks first tell each other what bounds their keys, spread over the same buckets, and each sorts some of these with the rows of all:
//! a third less work, and no second copy of the rows. A guess by a sample comes first; where it says that one task would have much more to do than
//! others, runs are merged. What the tasks share is free once all of them have left it, so whoever is asked to give memory back asks the others to
//! do the same. Buckets are spread again where keys are skewed, level by level; the last rows of those that wait then share chunks, so that two
//! levels of open chunks, which are paid when rows come, are always enough.
//!
//! **Many rows are spread as they come.** Behind the first 32 MiB of a task, rows go from its input straight to buckets, while a core's cache has
//! them: that spares a copy of them and reading them all once more, a sixth of the time of a sort in memory. (Columns, and rows with bytes between
//! their leaves, are packed into a page first, and go on from there once it is full.) What bounds the keys is then a guess, by the rows so far, on
//! which all tasks agree; what lies beside it goes to a bucket at either end, so that the order holds whatever comes. Where more than an eighth lies
//! there, as where keys rise with time, rows stay in their pages, and all are spread by their true bounds at the end.

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
use crate::sort::small_rows::arriving::Arriving;
use crate::sort::small_rows::splitters::Splitters;

/// Rows that are being given back in order.
pub(crate) trait Moved: Send {
    /// See [`BucketSort::emit`].
    fn emit(&mut self, gather: &Gather, out: &mut RowWriter) -> Result<bool>;

    /// Takes rows of all tasks, in buckets that these have shared.
    fn take(&mut self, _: Vec<SpreadRows>) -> Result<()> {
        Err(Error::Internal("rows were shared with whom they were not spread for".to_owned()))
    }
}

/// Pages whose rows came in order, and those that would have been needed to move them.
pub(crate) struct PagesInOrder {
    pub(crate) pages: VecDeque<Page>,
    pub(crate) _spare: Vec<Run>,
}

impl Moved for PagesInOrder {
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

/// Rows before they are put in order.
pub(crate) struct Unsorted {
    /// As they came, in pages of a layout without slots.
    pub(crate) pages: Vec<Page>,
    /// Spread as they came.
    pub(crate) arrived: Option<Arriving>,
    /// Pages to move them by.
    pub(crate) spare: Vec<Run>,
    /// Where places count from, and the bytes of a row.
    pub(crate) of_rows: (*const u8, usize),
}

/// What rows are spread over.
#[derive(Clone, Copy)]
pub(crate) enum Over {
    /// Ranges that were guessed.
    Ranges(Splitters),
    /// Bits of their keys, as many as suit so many rows.
    Bits { rows: usize },
}
