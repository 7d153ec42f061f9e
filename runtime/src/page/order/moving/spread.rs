//! Which rows go to which bucket, and how much memory that takes.

use crate::page::order::encoding::Key;
use crate::page::region::PAGE_BYTES;

/// Buckets are made of these.
pub(super) const CHUNK_BYTES: usize = 8 << 10;
const CHUNKS_OF_PAGE: usize = PAGE_BYTES / CHUNK_BYTES;
/// Rows are spread over so many buckets at once: few enough that each has its page among those that a core knows the way to.
const MOST_BUCKETS_LOG2: u32 = 8;
/// Rows are counted by so many bits within a bucket.
pub(super) const ROW_BITS: u32 = 16;

/// How many rows go where, by their width.
#[derive(Clone, Copy)]
pub(in crate::page::order) struct Sizes {
    pub(super) width: usize,
    pub(super) rows_of_chunk: usize,
    /// Bits that number the rows of a chunk.
    pub(super) row_bits: u32,
    /// More cannot be numbered.
    pub(super) most_chunks: usize,
    /// A bucket that has more is spread again.
    pub(super) rows_of_bucket: usize,
}

impl Sizes {
    pub(in crate::page::order) fn of(width: usize) -> Self {
        let rows_of_chunk = CHUNK_BYTES / width;
        let row_bits = rows_of_chunk.next_power_of_two().trailing_zeros();
        let most_chunks = 1 << (ROW_BITS - row_bits);
        let chunks = (BUCKET_BYTES / CHUNK_BYTES).min(most_chunks);
        Sizes { width, rows_of_chunk, row_bits, most_chunks, rows_of_bucket: chunks * rows_of_chunk }
    }

    /// Whether a bucket is sorted as it is.
    pub(super) fn is_small(self, bucket: &Bucket) -> bool {
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

/// Pages that sorting so many rows takes beside their own.
pub(in crate::page::order) fn spare_pages(rows: usize, width: usize) -> usize {
    // A chunk that is open for each bucket, here and where one is spread again; and the page that is being read.
    let open = 2 << Sizes::of(width).buckets_log2(rows);
    if rows == 0 { 0 } else { 2 + usize::div_ceil(open, CHUNKS_OF_PAGE) }
}

/// Bytes of what is not pages.
pub(in crate::page::order) fn bytes(rows: usize, width: usize) -> usize {
    let numbers = 2 * rows.min(Sizes::of(width).rows_of_bucket) * size_of::<u64>();
    let chunks = (rows * width).div_ceil(CHUNK_BYTES) * size_of::<Chunk>();
    numbers + 2 * chunks + ((size_of::<Head>() + size_of::<Bucket>()) << MOST_BUCKETS_LOG2)
}

/// So many rows, one behind the other.
#[derive(Clone, Copy)]
pub(in crate::page::order) struct Chunk {
    pub(super) place: usize,
    pub(super) rows: usize,
}

/// Rows of one range of keys.
#[derive(Default)]
pub(in crate::page::order) struct Bucket {
    pub(super) chunks: Vec<Chunk>,
    pub(super) rows: usize,
    /// Its keys differ in so many low bits.
    pub(super) digits: u32,
    /// Whether its last rows are [tails](super::tails).
    pub(super) is_packed: bool,
}

impl Bucket {
    pub(super) fn of(chunks: Vec<Chunk>, digits: u32) -> Self {
        Bucket { rows: chunks.iter().map(|chunk| chunk.rows).sum(), chunks, digits, is_packed: false }
    }

    /// Adds the rows of another of the same range.
    pub(super) fn join(&mut self, other: Bucket) {
        self.chunks.extend(other.chunks);
        self.rows += other.rows;
        self.digits = other.digits;
    }
}

/// Where the next row of a bucket goes, and where its open chunk ends.
#[derive(Clone, Copy, Default)]
pub(super) struct Head {
    pub(super) next: usize,
    pub(super) end: usize,
}

/// Buckets while rows are spread over them.
pub(in crate::page::order) struct Spread {
    pub(super) chunks: Vec<Vec<Chunk>>,
    pub(super) heads: Vec<Head>,
    /// The bits of a key below the bucket's number.
    pub(super) low: u32,
}

impl Spread {
    pub(in crate::page::order) fn new(rows: usize, digits: u32, sizes: Sizes) -> Self {
        let bits = sizes.buckets_log2(rows).min(digits);
        let buckets = 1 << bits;
        Spread { chunks: vec![Vec::new(); buckets], heads: vec![Head::default(); buckets], low: digits - bits }
    }

    /// The buckets in the order of their keys, those without rows among them.
    pub(super) fn into_buckets(self, sizes: Sizes) -> impl DoubleEndedIterator<Item = Bucket> {
        let low = self.low;
        self.chunks.into_iter().zip(self.heads).map(move |(mut chunks, head)| {
            if let Some(open) = chunks.last_mut() {
                open.rows -= (head.end - head.next) / sizes.width;
            }
            Bucket::of(chunks, low)
        })
    }

    /// How many buckets.
    pub(in crate::page::order) fn buckets(&self) -> usize {
        self.heads.len()
    }

    /// The bucket of a key.
    #[inline(always)]
    pub(in crate::page::order) fn bucket_of<K: Key>(&self, key: K) -> usize {
        key.above(self.low) as usize & (self.heads.len() - 1)
    }
}
