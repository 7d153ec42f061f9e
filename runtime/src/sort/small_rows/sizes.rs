//! Chunks, buckets and digits: which rows go together, by their width and number.

use crate::memory::limits::PAGE_BYTES;
use crate::page::rows_of_page;
use crate::sort::key::Key;

/// Buckets are made of these.
pub(crate) const CHUNK_BYTES: usize = 8 << 10;
const CHUNKS_OF_PAGE: usize = PAGE_BYTES / CHUNK_BYTES;
/// Rows are spread over so many buckets at once: few enough that each has its page among those that a core knows the way to.
pub(crate) const MOST_BUCKETS_LOG2: u32 = 8;
/// Rows are counted by so many bits within a bucket.
pub(crate) const ROW_BITS: u32 = 16;

/// How many rows go where, by their width.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) width: usize,
    pub(crate) rows_of_chunk: usize,
    /// Bits that number the rows of a chunk.
    pub(crate) row_bits: u32,
    /// More cannot be numbered.
    pub(crate) most_chunks: usize,
    /// A bucket that has more is spread again.
    pub(crate) rows_of_bucket: usize,
}

impl Sizes {
    pub(crate) fn of(width: usize) -> Self {
        let rows_of_chunk = CHUNK_BYTES / width;
        let row_bits = rows_of_chunk.next_power_of_two().trailing_zeros();
        let most_chunks = 1 << (ROW_BITS - row_bits);
        let chunks = (BUCKET_BYTES / CHUNK_BYTES).min(most_chunks);
        Sizes { width, rows_of_chunk, row_bits, most_chunks, rows_of_bucket: chunks * rows_of_chunk }
    }

    /// Whether a bucket is sorted as it is.
    pub(crate) fn is_small(self, bucket: &Bucket) -> bool {
        bucket.rows <= self.rows_of_bucket && bucket.chunks.len() <= self.most_chunks
    }

    /// The buckets that so many rows are spread over, as a power of two.
    fn buckets_log2(self, rows: usize) -> u32 {
        // Half full, so that few must be spread again because they are a little fuller than others.
        (2 * rows / self.rows_of_bucket).checked_ilog2().unwrap_or(0).min(MOST_BUCKETS_LOG2)
    }
}

/// So much fits a core's second cache beside the numbers that it is sorted by.
const BUCKET_BYTES: usize = 256 << 10;

/// Pages that sorting so many rows takes beside their own, which are or are not spread as they come.
pub(crate) fn spare_pages(rows: usize, width: usize, as_they_come: bool) -> usize {
    let log2 = if as_they_come { MOST_BUCKETS_LOG2 } else { Sizes::of(width).buckets_log2(rows) };
    // A chunk that is open for each bucket, here and where one is spread again; two more for what lies beside ranges; and the page that is being read.
    let open = (2 << log2) + if as_they_come { 2 } else { 0 };
    if rows == 0 { 0 } else { 2 + usize::div_ceil(open, CHUNKS_OF_PAGE) }
}

/// Pages that so many rows take more in chunks than one behind the other: of some widths, a page holds a few rows more than its chunks do.
pub(crate) fn pages_lost_to_chunks(rows: usize, width: usize) -> usize {
    pages_of_chunks(rows, Sizes::of(width)).saturating_sub(rows.div_ceil(rows_of_page(width)))
}

/// Pages that so many rows lie in, as chunks that are full.
pub(crate) fn pages_of_chunks(rows: usize, sizes: Sizes) -> usize {
    rows.div_ceil(sizes.rows_of_chunk * CHUNKS_OF_PAGE)
}

/// So many rows, one behind the other.
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
    /// Its keys differ in so many low bits.
    pub(crate) digits: u32,
    /// Whether its last rows are [tails](crate::sort::small_rows::tails).
    pub(crate) is_packed: bool,
    /// Whether it is one of those that a bucket was spread over.
    pub(crate) is_inner: bool,
}

impl Bucket {
    pub(crate) fn of(chunks: Vec<Chunk>, digits: u32) -> Self {
        let rows = chunks.iter().map(|chunk| chunk.rows).sum();
        Bucket { rows, chunks, digits, ..Bucket::default() }
    }

    /// Adds the rows of another of the same range.
    pub(crate) fn join(&mut self, other: Bucket) {
        self.chunks.extend(other.chunks);
        self.rows += other.rows;
        self.digits = other.digits;
    }
}

/// Some bits of a key, which number buckets.
#[derive(Clone, Copy)]
pub(crate) struct Digit {
    /// The bits below.
    pub(crate) low: u32,
    bits: u32,
}

impl Digit {
    /// The uppermost of so many bits, by which so many rows are spread.
    pub(crate) fn of(rows: usize, digits: u32, sizes: Sizes) -> Self {
        let bits = sizes.buckets_log2(rows).min(digits);
        Digit { low: digits - bits, bits }
    }

    /// How many buckets.
    pub(crate) fn buckets(self) -> usize {
        1 << self.bits
    }

    /// The bucket of a key.
    #[inline(always)]
    pub(crate) fn bucket_of<K: Key>(self, key: K) -> usize {
        key.above(self.low) as usize & (self.buckets() - 1)
    }
}
