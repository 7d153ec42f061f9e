//! Spreads rows over buckets.

use crate::error::Result;
use crate::hash::prefetch;
use crate::sort::buffer::KEY_BATCH;
use crate::sort::small_rows::chunks::Chunks;
use crate::sort::small_rows::sizes::{Bucket, CHUNK_BYTES, Chunk, MAX_BUCKETS_LOG2, Sizes};

const LINE_BYTES: usize = 64;

/// Bytes of all memory other than pages, for sorting `rows` rows.
pub(crate) fn bookkeeping_bytes(rows: usize, width: usize) -> usize {
    let numbers = 2 * rows.min(Sizes::of(width).max_bucket_rows) * size_of::<u64>();
    let chunks = (rows * width).div_ceil(CHUNK_BYTES) * size_of::<Chunk>();
    let buckets = (1 << MAX_BUCKETS_LOG2) + 2;
    numbers + 2 * chunks + buckets * (size_of::<OpenChunk>() + size_of::<Bucket>())
}

/// The place of the next row of a bucket, and the end of its open chunk.
#[derive(Clone, Copy, Default)]
struct OpenChunk {
    next: usize,
    end: usize,
}

impl OpenChunk {
    /// The number of rows that still fit the open chunk.
    fn rows_left(self, sizes: Sizes) -> usize {
        (self.end - self.next) / sizes.width
    }
}

/// Buckets that rows are spread over.
pub(crate) struct Spread {
    chunks: Vec<Vec<Chunk>>,
    open_chunks: Vec<OpenChunk>,
}

impl Spread {
    /// Creates empty buckets.
    pub(crate) fn over(buckets: usize) -> Self {
        Spread { chunks: vec![Vec::new(); buckets], open_chunks: vec![OpenChunk::default(); buckets] }
    }

    /// Copies consecutive rows to chunks of their buckets. `buckets` computes the buckets of some
    /// consecutive rows.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if no chunk is free and memory
    /// for more is refused.
    ///
    /// # Safety
    /// `rows` rows begin at `first`, in memory that is not a free chunk.
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

    /// As [`Spread::scatter`], for rows of `WORDS` words. If `WORDS` is 0, rows have any width.
    unsafe fn scatter_words<const WORDS: usize>(
        &mut self,
        (first, rows): (*const u8, usize),
        chunks: &mut Chunks,
        mut buckets: impl FnMut(*const u8, &mut [u16]),
    ) -> Result<()> {
        let (width, base) = (chunks.sizes.width, chunks.in_place.start_mut());
        let mut numbers = [0; KEY_BATCH];
        for start in (0..rows).step_by(KEY_BATCH) {
            let (first, numbers) = (first.wrapping_add(start * width), &mut numbers[..KEY_BATCH.min(rows - start)]);
            buckets(first, numbers);
            for (row, &bucket) in numbers.iter().enumerate() {
                let bucket = usize::from(bucket);
                if self.open_chunks[bucket].next == self.open_chunks[bucket].end {
                    self.open(bucket, chunks)?;
                }
                let open_chunk = &mut self.open_chunks[bucket];
                let (from, at) = (first.wrapping_add(row * width), base.wrapping_add(open_chunk.next));
                open_chunk.next += width;
                // Prefetches the next line of this bucket. A core's own caches do not hold the
                // lines of all open chunks.
                prefetch(at.wrapping_add(LINE_BYTES));
                // SAFETY: the caller's promise; and the open chunk, which is this bucket's alone,
                // has room for the row.
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

    /// Opens a new chunk for a bucket.
    #[cold]
    fn open(&mut self, bucket: usize, chunks: &mut Chunks) -> Result<()> {
        let (place, Sizes { width, chunk_rows, .. }) = (chunks.claim()?, chunks.sizes);
        self.chunks[bucket].push(Chunk { place, rows: chunk_rows });
        self.open_chunks[bucket] = OpenChunk { next: place, end: place + chunk_rows * width };
        Ok(())
    }

    /// The number of rows in a bucket.
    pub(crate) fn rows_of(&self, bucket: usize, sizes: Sizes) -> usize {
        self.chunks[bucket].len() * sizes.chunk_rows - self.open_chunks[bucket].rows_left(sizes)
    }

    /// The chunks of all buckets. Chunks that are open have only the rows added so far.
    pub(crate) fn all_chunks(&self, sizes: Sizes) -> impl Iterator<Item = Chunk> {
        self.chunks.iter().zip(&self.open_chunks).flat_map(move |(chunks, open_chunk)| {
            chunks.iter().enumerate().map(move |(index, &chunk)| {
                let is_open = index + 1 == chunks.len();
                Chunk { rows: chunk.rows - if is_open { open_chunk.rows_left(sizes) } else { 0 }, ..chunk }
            })
        })
    }

    /// The buckets in the order of their keys, including empty ones. Rows of a bucket may differ in
    /// the `differing_bits` lowest key bits.
    pub(crate) fn into_buckets(self, sizes: Sizes, differing_bits: u32) -> impl DoubleEndedIterator<Item = Bucket> {
        self.chunks.into_iter().zip(self.open_chunks).map(move |(mut chunks, open_chunk)| {
            if let Some(open) = chunks.last_mut() {
                open.rows -= open_chunk.rows_left(sizes);
            }
            Bucket::of(chunks, differing_bits)
        })
    }
}
