//! Rows that are spread on arrival, while they are in a core's cache. That saves one read of all
//! rows.

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Page, Run};
use crate::sort::key::Encoding;
use crate::sort::small_rows::chunks::Chunks;
use crate::sort::small_rows::sizes::{Bucket, Chunk, Sizes, pages_of_chunks, spare_pages};
use crate::sort::small_rows::splitters::Splitters;
use crate::sort::small_rows::spread::Spread;

/// Buckets that rows are added to.
pub(crate) struct ArrivingRows {
    pub(crate) splitters: Splitters,
    spread: Spread,
    chunks: Chunks,
    rows: usize,
}

impl ArrivingRows {
    /// Creates empty buckets with spare pages. `base_and_width` is the address that places are
    /// offsets from, and the width of a row.
    pub(crate) fn new(
        splitters: Splitters,
        base_and_width: (*const u8, usize),
        spare: Vec<Run>,
        memory: &Memory,
    ) -> Self {
        let mut chunks = Chunks::empty(base_and_width, memory);
        spare.into_iter().for_each(|run| chunks.add_run(run));
        ArrivingRows { splitters, spread: Spread::over(splitters.buckets()), chunks, rows: 0 }
    }

    /// Moves the rows of a page to the buckets.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is
    /// refused. Cannot fail if it has as many spare pages as
    /// [`spare_pages`](crate::sort::small_rows::sizes::spare_pages) returns.
    ///
    /// # Safety
    /// The page is of the order's layout, whose rows have no slots.
    pub(crate) unsafe fn add_page(&mut self, page: Page) -> Result<()> {
        let (first, rows, run) = self.chunks.unpack(page)?;
        // SAFETY: the caller's promise.
        unsafe { self.add_rows(first, rows)? };
        self.chunks.add_run(run);
        Ok(())
    }

    /// Copies consecutive rows to the buckets, after [`ArrivingRows::grow`] has allocated pages for
    /// them.
    ///
    /// # Errors
    /// As [`ArrivingRows::add_page`].
    ///
    /// # Safety
    /// `rows` rows of the order's layout, which has no slots, begin at `first`.
    pub(crate) unsafe fn add_rows(&mut self, first: *const u8, rows: usize) -> Result<()> {
        let (splitters, width) = (self.splitters, self.chunks.sizes.width);
        // SAFETY: the caller's promise.
        let buckets = |first: *const u8, buckets: &mut [u16]| unsafe { splitters.buckets_of(first, width, buckets) };
        self.rows += rows;
        // SAFETY: as above.
        unsafe { self.spread.scatter((first, rows), &mut self.chunks, buckets) }
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The number of pages that it holds.
    pub(crate) fn pages(&self) -> usize {
        self.chunks.pages()
    }

    /// The number of pages that it must allocate for `rows` more rows.
    pub(crate) fn pages_for(&self, rows: usize) -> usize {
        let Sizes { width, .. } = self.chunks.sizes;
        let pages = pages_of_chunks(self.rows + rows, self.chunks.sizes) + spare_pages(self.rows + rows, width, true);
        pages.saturating_sub(self.chunks.pages())
    }

    /// Allocates pages for `rows` more rows.
    ///
    /// # Errors
    /// As [`ArrivingRows::add_page`].
    pub(crate) fn grow(&mut self, rows: usize) -> Result<()> {
        self.chunks.grow_to(self.chunks.pages() + self.pages_for(rows))
    }

    /// The number of rows out of the ranges.
    pub(crate) fn outside(&self) -> usize {
        let last = self.splitters.buckets() - 1;
        [0, last].map(|bucket| self.spread.rows_of(bucket, self.chunks.sizes)).iter().sum()
    }

    /// The stretches of consecutive rows, bucket by bucket.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = (usize, usize)> {
        self.spread.all_chunks(self.chunks.sizes).map(|chunk| (chunk.place, chunk.rows))
    }

    /// The number of rows in each bucket.
    pub(crate) fn bucket_rows(&self) -> Vec<usize> {
        (0..self.splitters.buckets()).map(|bucket| self.spread.rows_of(bucket, self.chunks.sizes)).collect()
    }

    /// The buckets, and the memory of their rows. The encoding is for bounds that were
    /// [widened](Splitters::widen).
    pub(crate) fn into_buckets(self, encoding: &Encoding) -> (Vec<Bucket>, Chunks) {
        // Rows of the first and the last bucket may differ in all bits.
        let (all, of_range) = (encoding.bits(), self.splitters.bits + encoding.bits_after(1).unwrap_or(0));
        let mut buckets: Vec<Bucket> = self.spread.into_buckets(self.chunks.sizes, of_range).collect();
        let ends = [0, buckets.len() - 1];
        ends.into_iter().for_each(|end| buckets[end].differing_bits = all);
        (buckets, self.chunks)
    }

    /// The rows as chunks, to be spread again.
    pub(crate) fn into_chunks(self) -> (Vec<Chunk>, Chunks) {
        (self.spread.all_chunks(self.chunks.sizes).collect(), self.chunks)
    }
}
