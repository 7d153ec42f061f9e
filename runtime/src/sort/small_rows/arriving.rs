//! Rows that are spread as they come, while they are in a core's cache: that spares reading them all once more.

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Page, Run};
use crate::sort::key::Encoding;
use crate::sort::small_rows::chunks::Chunks;
use crate::sort::small_rows::sizes::{Bucket, Chunk, Sizes, pages_of_chunks, spare_pages};
use crate::sort::small_rows::splitters::Splitters;
use crate::sort::small_rows::spread::Spread;

/// Rows in buckets, to which others come.
pub(crate) struct Arriving {
    pub(crate) splitters: Splitters,
    spread: Spread,
    chunks: Chunks,
    rows: usize,
}

impl Arriving {
    /// No row yet, of a width and with places that count from a base, and spare pages to begin with.
    pub(crate) fn new(splitters: Splitters, of_rows: (*const u8, usize), spare: Vec<Run>, memory: &Memory) -> Self {
        let mut chunks = Chunks::none(of_rows, memory);
        spare.into_iter().for_each(|run| chunks.supply(run));
        Arriving { splitters, spread: Spread::over(splitters.buckets()), chunks, rows: 0 }
    }

    /// Moves the rows of a page.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), unless there were as many [spare pages](crate::sort::small_rows::sizes::spare_pages) as should be.
    ///
    /// # Safety
    /// The page is of the order's layout, whose rows have no slots.
    pub(crate) unsafe fn take(&mut self, page: Page) -> Result<()> {
        let (first, rows, run) = self.chunks.unpack(page)?;
        // SAFETY: the caller's promise.
        unsafe { self.copy(first, rows)? };
        self.chunks.supply(run);
        Ok(())
    }

    /// Copies rows that lie one behind the other, into pages that it has [grown by](Arriving::grow).
    ///
    /// # Errors
    /// As there.
    ///
    /// # Safety
    /// So many rows of the order's layout, which has no slots, begin there.
    pub(crate) unsafe fn copy(&mut self, first: *const u8, rows: usize) -> Result<()> {
        let (splitters, width) = (self.splitters, self.chunks.sizes.width);
        // SAFETY: the caller's promise.
        let buckets = |first: *const u8, buckets: &mut [u16]| unsafe { splitters.buckets_of(first, width, buckets) };
        self.rows += rows;
        // SAFETY: as above.
        unsafe { self.spread.scatter((first, rows), &mut self.chunks, buckets) }
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Pages that it holds.
    pub(crate) fn pages(&self) -> usize {
        self.chunks.pages()
    }

    /// Pages that are missing for so many rows more.
    pub(crate) fn pages_for(&self, rows: usize) -> usize {
        let Sizes { width, .. } = self.chunks.sizes;
        let pages = pages_of_chunks(self.rows + rows, self.chunks.sizes) + spare_pages(self.rows + rows, width, true);
        pages.saturating_sub(self.chunks.pages())
    }

    /// Has pages for so many rows more.
    ///
    /// # Errors
    /// As [`Arriving::take`].
    pub(crate) fn grow(&mut self, rows: usize) -> Result<()> {
        self.chunks.grow_to(self.chunks.pages() + self.pages_for(rows))
    }

    /// How many rows lie beside the ranges.
    pub(crate) fn beside(&self) -> usize {
        let last = self.splitters.buckets() - 1;
        [0, last].map(|bucket| self.spread.rows_of(bucket, self.chunks.sizes)).iter().sum()
    }

    /// Where the rows lie, bucket by bucket.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = (usize, usize)> {
        self.spread.all_chunks(self.chunks.sizes).map(|chunk| (chunk.place, chunk.rows))
    }

    /// How many rows each bucket has.
    pub(crate) fn counts(&self) -> Vec<usize> {
        (0..self.splitters.buckets()).map(|bucket| self.spread.rows_of(bucket, self.chunks.sizes)).collect()
    }

    /// The buckets, for keys whose bounds were [widened](Splitters::widen), and the memory that they lie in.
    pub(crate) fn into_buckets(self, encoding: &Encoding) -> (Vec<Bucket>, Chunks) {
        // Those at the ends differ in all bits.
        let (all, of_range) = (encoding.bits(), self.splitters.bits + encoding.below(1).unwrap_or(0));
        let mut buckets: Vec<Bucket> = self.spread.into_buckets(self.chunks.sizes, of_range).collect();
        let ends = [0, buckets.len() - 1];
        ends.into_iter().for_each(|end| buckets[end].digits = all);
        (buckets, self.chunks)
    }

    /// The rows as chunks, where they are to be spread once more.
    pub(crate) fn into_chunks(self) -> (Vec<Chunk>, Chunks) {
        (self.spread.all_chunks(self.chunks.sizes).collect(), self.chunks)
    }
}
