//! One sorted stream of pages out of several.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod streams;
mod stretch;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::page::{Page, RowWriter, address_of};
use crate::row::RowLayout;
use crate::sort::buffer::Gather;
use crate::sort::key::{Bounds, Encoding, Key, WideKey};
use crate::sort::merge::streams::{Compared, Streams};
use crate::sort::order::{OrderKey, OrderLeaf, order_leaves};

/// Merges streams of sorted pages.
///
/// It holds one page of each stream at most, and no other memory that grows with the rows. Rows that are equal come from the lower-numbered
/// stream first, so a merge of runs in the order of their input keeps that order among equal rows of different runs.
///
/// A tree of losers (Knuth, TAOCP 3, 5.4.1) finds the next row with one comparison for each doubling of the streams. Its nodes hold the
/// rows' keys of 8 or 16 bytes, so rows are compared only where these are equal and do not decide. A stream whose rows keep winning gives
/// all rows that come before any other stream's at once.
pub struct Merge {
    layout: Arc<RowLayout>,
    leaves: Box<[OrderLeaf]>,
    encoding: Encoding,
    gather: Gather,
    base: *const u8,
    streams: Keyed,
    failed: Option<Error>,
}

// SAFETY: `base` is the region's start, which all threads share; rows are read in pages that the merge holds.
unsafe impl Send for Merge {}

/// The streams, by the length of their keys.
enum Keyed {
    Narrow(Streams<u64>),
    Wide(Streams<WideKey>),
}

/// What [`Merge::run`] stopped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// A page of the writer is closed.
    Full,
    /// This stream's next page, or its end, is to be [fed](Merge::feed).
    Needs(usize),
    /// All streams have ended, and all their rows are written.
    Done,
}

impl Merge {
    /// A merge of `streams` streams of rows of `layout`, each of which is sorted by `order`.
    ///
    /// # Errors
    /// When the order names a leaf that the rows do not have, or the region cannot be had.
    pub fn new(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, streams: usize) -> Result<Self> {
        let (leaves, base) = (order_leaves(&layout, &order.into())?, address_of(0)?);
        let bounds: Vec<Bounds> = leaves.iter().map(|leaf| Bounds::all(leaf.ty)).collect();
        let encoding = Encoding::new(&leaves, &bounds, u64::BITS);
        let (encoding, streams) = if encoding.decides() {
            (encoding, Keyed::Narrow(Streams::new(streams)))
        } else {
            (Encoding::new(&leaves, &bounds, WideKey::BITS), Keyed::Wide(Streams::new(streams)))
        };
        Ok(Merge { gather: Gather::new(layout.clone(), base), layout, leaves, encoding, base, streams, failed: None })
    }

    /// A stream's next page, or `None` at its end: once for each stream at the start, then whenever [`Merge::run`] asks for it.
    ///
    /// What does not fit (a page of another layout, a stream that was not asked for) is the next `run`'s error.
    pub fn feed(&mut self, stream: usize, page: Option<Page>) {
        if page.as_ref().is_some_and(|page| *page.layout() != self.layout) {
            self.failed = Some(Error::Internal("a page of another layout is to be merged".to_owned()));
            return;
        }
        let is_wanted = match &mut self.streams {
            Keyed::Narrow(streams) => streams.feed(stream, page, self.base),
            Keyed::Wide(streams) => streams.feed(stream, page, self.base),
        };
        if !is_wanted {
            let message = format!("a page for stream {stream} of a merge, which asked for none of it");
            self.failed = Some(Error::Internal(message));
        }
    }

    /// Writes rows in order until a page of `out` is closed, a stream's next page is needed, or all have ended.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory) for a page of `out`; a page or a writer of another layout.
    pub fn run(&mut self, out: &mut RowWriter) -> Result<Merged> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if !Arc::ptr_eq(out.layout(), &self.layout) && *out.layout() != self.layout {
            return Err(Error::Internal("rows are to be merged into pages of another layout".to_owned()));
        }
        let rows = Compared {
            base: self.base,
            width: self.layout.width(),
            encoding: &self.encoding,
            undecided: &self.leaves[self.encoding.undecided()..],
            gather: &self.gather,
        };
        // SAFETY: all pages were held to be of the layout when they were fed.
        unsafe {
            match &mut self.streams {
                Keyed::Narrow(streams) => streams.run(&rows, out),
                Keyed::Wide(streams) => streams.run(&rows, out),
            }
        }
    }
}
