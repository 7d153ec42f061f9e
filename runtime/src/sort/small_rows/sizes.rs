//! Sizes of chunks and buckets, and digits of keys, by the width and the number of rows.

use crate::memory::limits::PAGE_BYTES;
use crate::page::rows_of_page;
use crate::sort::key::Key;

/// Bytes of a chunk. Buckets consist of chunks.
pub(crate) const CHUNK_BYTES: usize = 8 << 10;
const CHUNKS_OF_PAGE: usize = PAGE_BYTES / CHUNK_BYTES;
/// Log2 of the greatest number of buckets that rows are spread over together. So few that a core's
/// TLB has the page of each.
pub(crate) const MAX_BUCKETS_LOG2: u32 = 8;
/// Bits of the number of a row in its bucket.
pub(crate) const ROW_BITS: u32 = 16;

/// Sizes in rows and chunks, for rows of one width.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) width: usize,
    pub(crate) chunk_rows: usize,
    /// Bits that number the rows of a chunk.
    pub(crate) row_bits: u32,
    /// The greatest number of chunks of a bucket that can be numbered.
    pub(crate) max_chunks: usize,
    /// The greatest number of rows of a bucket. A larger bucket is spread again.
    pub(crate) max_bucket_rows: usize,
}

impl Sizes {
    pub(crate) fn of(width: usize) -> Self {
        let chunk_rows = CHUNK_BYTES / width;
        let row_bits = chunk_rows.next_power_of_two().trailing_zeros();
        let max_chunks = 1 << (ROW_BITS - row_bits);
        let chunks = (BUCKET_BYTES / CHUNK_BYTES).min(max_chunks);
        Sizes { width, chunk_rows, row_bits, max_chunks, max_bucket_rows: chunks * chunk_rows }
    }

    /// Returns `true` if a bucket can be sorted without being spread again.
    pub(crate) fn is_small(self, bucket: &Bucket) -> bool {
        bucket.rows <= self.max_bucket_rows && bucket.chunks.len() <= self.max_chunks
    }

    /// Log2 of the number of buckets that `rows` rows are spread over.
    fn buckets_log2(self, rows: usize) -> u32 {
        // Half full on average, so that few buckets are spread again because they are somewhat
        // fuller.
        (2 * rows / self.max_bucket_rows).checked_ilog2().unwrap_or(0).min(MAX_BUCKETS_LOG2)
    }
}

/// Bytes of rows that fit a core's second cache together with the numbers that they are sorted by.
const BUCKET_BYTES: usize = 256 << 10;

/// The number of spare pages for sorting `rows` rows, in addition to their own. `spread_on_arrival`
/// is set if they are spread on arrival.
pub(crate) fn spare_pages(rows: usize, width: usize, spread_on_arrival: bool) -> usize {
    let log2 = if spread_on_arrival { MAX_BUCKETS_LOG2 } else { Sizes::of(width).buckets_log2(rows) };
    // An open chunk for each bucket, twice: a bucket may be spread again. Two more for the buckets
    // out of the ranges. Then one page that is being read.
    let open = (2 << log2) + if spread_on_arrival { 2 } else { 0 };
    if rows == 0 { 0 } else { 2 + usize::div_ceil(open, CHUNKS_OF_PAGE) }
}

/// Pages that `rows` rows take more in chunks than in pages of rows. For some widths, a page holds
/// a few rows more than its chunks do.
pub(crate) fn pages_lost_to_chunks(rows: usize, width: usize) -> usize {
    pages_of_chunks(rows, Sizes::of(width)).saturating_sub(rows.div_ceil(rows_of_page(width)))
}

/// Pages of full chunks with `rows` rows.
pub(crate) fn pages_of_chunks(rows: usize, sizes: Sizes) -> usize {
    rows.div_ceil(sizes.chunk_rows * CHUNKS_OF_PAGE)
}

/// Consecutive rows.
#[derive(Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) place: usize,
    pub(crate) rows: usize,
}

/// Rows of one range of keys.
#[derive(Default)]
pub(crate) struct Bucket {
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) rows: usize,
    /// The number of lowest key bits in which its rows may differ.
    pub(crate) differing_bits: u32,
    /// Its last rows have been moved to [tails](crate::sort::small_rows::tails).
    pub(crate) has_packed_tail: bool,
    /// It was created by spreading a larger bucket.
    pub(crate) is_inner: bool,
}

impl Bucket {
    pub(crate) fn of(chunks: Vec<Chunk>, differing_bits: u32) -> Self {
        let rows = chunks.iter().map(|chunk| chunk.rows).sum();
        Bucket { rows, chunks, differing_bits, ..Bucket::default() }
    }

    /// Adds the rows of another task's bucket of the same range.
    pub(crate) fn join(&mut self, other: Bucket) {
        self.chunks.extend(other.chunks);
        self.rows += other.rows;
        self.differing_bits = other.differing_bits;
    }
}

/// Some bits of a key, which are the number of a bucket.
#[derive(Clone, Copy)]
pub(crate) struct Digit {
    /// The number of bits below.
    pub(crate) low: u32,
    bits: u32,
}

impl Digit {
    /// The highest of the `differing_bits` lowest key bits: as many as suit `rows` rows.
    pub(crate) fn of(rows: usize, differing_bits: u32, sizes: Sizes) -> Self {
        let bits = sizes.buckets_log2(rows).min(differing_bits);
        Digit { low: differing_bits - bits, bits }
    }

    /// The number of buckets.
    pub(crate) fn buckets(self) -> usize {
        1 << self.bits
    }

    /// The bucket of a key.
    #[inline(always)]
    pub(crate) fn bucket_of<K: Key>(self, key: K) -> usize {
        key.above(self.low) as usize & (self.buckets() - 1)
    }
}
