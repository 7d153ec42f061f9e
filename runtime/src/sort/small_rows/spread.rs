//! Which rows go to which bucket, and how much memory that takes.

use crate::error::Result;
use crate::memory::limits::PAGE_BYTES;
use crate::page::rows_of_page;
use crate::sort::buffer::{KEYS, prefetch};
use crate::sort::key::Key;
use crate::sort::small_rows::chunks::Chunks;

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

const LINE_BYTES: usize = 64;

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

/// Bytes of what is not pages.
pub(crate) fn bytes(rows: usize, width: usize) -> usize {
    let numbers = 2 * rows.min(Sizes::of(width).rows_of_bucket) * size_of::<u64>();
    let chunks = (rows * width).div_ceil(CHUNK_BYTES) * size_of::<Chunk>();
    let buckets = (1 << MOST_BUCKETS_LOG2) + 2;
    numbers + 2 * chunks + buckets * (size_of::<Head>() + size_of::<Bucket>())
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

/// Where the next row of a bucket goes, and where its open chunk ends.
#[derive(Clone, Copy, Default)]
struct Head {
    next: usize,
    end: usize,
}

impl Head {
    /// How many rows more fit the open chunk.
    fn room(self, sizes: Sizes) -> usize {
        (self.end - self.next) / sizes.width
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

/// Buckets while rows are spread over them.
pub(crate) struct Spread {
    chunks: Vec<Vec<Chunk>>,
    heads: Vec<Head>,
}

impl Spread {
    /// So many empty ones.
    pub(crate) fn over(buckets: usize) -> Self {
        Spread { chunks: vec![Vec::new(); buckets], heads: vec![Head::default(); buckets] }
    }

    /// Copies so many rows, which lie one behind the other, to the chunks of the buckets that a function tells of some of them.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), where no chunk is free.
    ///
    /// # Safety
    /// So many rows begin there, in memory that is not a free chunk.
    pub(crate) unsafe fn scatter(
        &mut self,
        (first, rows): (*const u8, usize),
        chunks: &mut Chunks,
        buckets: impl FnMut(*const u8, &mut [u16]),
    ) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe {
            match chunks.sizes.width {
                8 => self.scatter_words::<1>((first, rows), chunks, buckets),
                16 => self.scatter_words::<2>((first, rows), chunks, buckets),
                24 => self.scatter_words::<3>((first, rows), chunks, buckets),
                32 => self.scatter_words::<4>((first, rows), chunks, buckets),
                _ => self.scatter_words::<0>((first, rows), chunks, buckets),
            }
        }
    }

    /// As [`Spread::scatter`], for rows of so many words, or of any width for none.
    unsafe fn scatter_words<const WORDS: usize>(
        &mut self,
        (first, rows): (*const u8, usize),
        chunks: &mut Chunks,
        mut buckets: impl FnMut(*const u8, &mut [u16]),
    ) -> Result<()> {
        let (width, base) = (chunks.sizes.width, chunks.base);
        let mut numbers = [0; KEYS];
        for start in (0..rows).step_by(KEYS) {
            let (first, numbers) = (first.wrapping_add(start * width), &mut numbers[..KEYS.min(rows - start)]);
            buckets(first, numbers);
            for (row, &bucket) in numbers.iter().enumerate() {
                let bucket = usize::from(bucket);
                if self.heads[bucket].next == self.heads[bucket].end {
                    self.open(bucket, chunks)?;
                }
                let head = &mut self.heads[bucket];
                let (from, at) = (first.wrapping_add(row * width), base.wrapping_add(head.next));
                head.next += width;
                // The line that this bucket comes to next: all that are open do not stay in a core's own caches.
                prefetch(at.wrapping_add(LINE_BYTES));
                // SAFETY: the caller's promise; and the open chunk, which is this bucket's alone, has room for the row.
                unsafe {
                    if WORDS == 0 {
                        from.copy_to_nonoverlapping(at, width);
                    } else {
                        at.cast::<[u64; WORDS]>().write_unaligned(from.cast::<[u64; WORDS]>().read_unaligned());
                    }
                }
            }
        }
        Ok(())
    }

    /// A chunk more for a bucket.
    #[cold]
    fn open(&mut self, bucket: usize, chunks: &mut Chunks) -> Result<()> {
        let (place, Sizes { width, rows_of_chunk, .. }) = (chunks.claim()?, chunks.sizes);
        self.chunks[bucket].push(Chunk { place, rows: rows_of_chunk });
        self.heads[bucket] = Head { next: place, end: place + rows_of_chunk * width };
        Ok(())
    }

    /// How many rows a bucket has.
    pub(crate) fn rows_of(&self, bucket: usize, sizes: Sizes) -> usize {
        self.chunks[bucket].len() * sizes.rows_of_chunk - self.heads[bucket].room(sizes)
    }

    /// The chunks of all buckets, of those that are open what has rows.
    pub(crate) fn all_chunks(&self, sizes: Sizes) -> impl Iterator<Item = Chunk> {
        self.chunks.iter().zip(&self.heads).flat_map(move |(chunks, head)| {
            chunks.iter().enumerate().map(move |(index, &chunk)| {
                let is_open = index + 1 == chunks.len();
                Chunk { rows: chunk.rows - if is_open { head.room(sizes) } else { 0 }, ..chunk }
            })
        })
    }

    /// The buckets in the order of their keys, which differ in so many low bits, those without rows among them.
    pub(crate) fn into_buckets(self, sizes: Sizes, digits: u32) -> impl DoubleEndedIterator<Item = Bucket> {
        self.chunks.into_iter().zip(self.heads).map(move |(mut chunks, head)| {
            if let Some(open) = chunks.last_mut() {
                open.rows -= head.room(sizes);
            }
            Bucket::of(chunks, digits)
        })
    }
}
