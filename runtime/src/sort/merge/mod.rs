//! Merges sorted streams of pages into one.

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
use crate::sort::merge::streams::{RowAccess, Streams};
use crate::sort::order::{OrderKey, OrderLeaf, order_leaves};

/// A merge of sorted streams of pages.
///
/// It holds at most one page of each stream, and no other memory that grows with the number of
/// rows. The merge is stable: among equal rows, those of the stream with the lower number are
/// first.
///
/// A tree of losers finds the next row with about log2(streams) comparisons. Its nodes hold keys of
/// 8 or 16 bytes. Rows are compared only if keys are equal and do not decide. If rows of one stream
/// win many times in sequence, all its rows before the next row of any other stream are copied
/// together.
///
/// Source: Knuth, *The Art of Computer Programming*, vol. 3, 5.4.1.
pub struct Merge {
    layout: Arc<RowLayout>,
    leaves: Box<[OrderLeaf]>,
    encoding: Encoding,
    gather: Gather,
    base: *const u8,
    streams: KeyedStreams,
    failed: Option<Error>,
}

// SAFETY: `base` is the region's start, which all threads share; rows are read in pages that the
// merge holds.
unsafe impl Send for Merge {}

/// The streams, by the size of their keys.
enum KeyedStreams {
    Narrow(Streams<u64>),
    Wide(Streams<WideKey>),
}

/// The reason why [`Merge::run`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeStep {
    /// A page of the writer is sealed.
    Full,
    /// The next page of this stream, or its end, must be [fed](Merge::feed).
    Needs(usize),
    /// All streams have ended, and all their rows are written.
    Done,
}

impl Merge {
    /// Creates a merge of `streams` streams of rows of `layout`, each sorted by `order`.
    ///
    /// # Errors
    /// Fails if the order names a leaf that the rows do not have, or if the region of pages cannot
    /// be mapped.
    pub fn new(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, streams: usize) -> Result<Self> {
        let (leaves, base) = (order_leaves(&layout, &order.into())?, address_of(0)?);
        let bounds: Vec<Bounds> = leaves.iter().map(|leaf| Bounds::all(leaf.ty)).collect();
        let encoding = Encoding::new(&leaves, &bounds, u64::BITS);
        let (encoding, streams) = if encoding.decides() {
            (encoding, KeyedStreams::Narrow(Streams::new(streams)))
        } else {
            (Encoding::new(&leaves, &bounds, WideKey::BITS), KeyedStreams::Wide(Streams::new(streams)))
        };
        Ok(Merge { gather: Gather::new(layout.clone(), base), layout, leaves, encoding, base, streams, failed: None })
    }

    /// Passes the next page of a stream, or `None` at its end. Called once for each stream at the
    /// start, then when [`Merge::run`] requests it.
    ///
    /// A page of another layout, or for a stream that needs none, makes the next `run` fail.
    pub fn feed(&mut self, stream: usize, page: Option<Page>) {
        if page.as_ref().is_some_and(|page| *page.layout() != self.layout) {
            self.failed = Some(Error::Internal("a page of another layout is to be merged".to_owned()));
            return;
        }
        let needs_page = match &mut self.streams {
            KeyedStreams::Narrow(streams) => streams.feed(stream, page, self.base),
            KeyedStreams::Wide(streams) => streams.feed(stream, page, self.base),
        };
        if !needs_page {
            let message = format!("a page for stream {stream} of a merge, which asked for none of it");
            self.failed = Some(Error::Internal(message));
        }
    }

    /// Emits rows in order until a page of `out` is sealed, a page is needed, or all streams have
    /// ended.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page of `out`
    /// is refused. Fails if a page or the writer has another layout.
    pub fn run(&mut self, out: &mut RowWriter) -> Result<MergeStep> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if !Arc::ptr_eq(out.layout(), &self.layout) && *out.layout() != self.layout {
            return Err(Error::Internal("rows are to be merged into pages of another layout".to_owned()));
        }
        let rows = RowAccess {
            base: self.base,
            width: self.layout.width(),
            encoding: &self.encoding,
            unencoded: &self.leaves[self.encoding.first_unencoded()..],
            gather: &self.gather,
        };
        // SAFETY: all pages were checked to be of the layout when they were fed.
        unsafe {
            match &mut self.streams {
                KeyedStreams::Narrow(streams) => streams.run(&rows, out),
                KeyedStreams::Wide(streams) => streams.run(&rows, out),
            }
        }
    }
}
