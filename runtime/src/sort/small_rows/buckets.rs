//! The buckets of a sort. Each is sorted when it is the next to emit.

use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{RowWriter, Run};
use crate::sort::buffer::{COPY_ROWS, Gather, KEY_BATCH, sort_in_cache};
use crate::sort::key::{Encoding, Key};
use crate::sort::small_rows::arriving::ArrivingRows;
use crate::sort::small_rows::chunks::Chunks;
use crate::sort::small_rows::sharing::SpreadRows;
use crate::sort::small_rows::sizes::{Bucket, Chunk, Digit, ROW_BITS, Sizes};
use crate::sort::small_rows::spread::Spread;
use crate::sort::small_rows::tails::Tails;
use crate::sort::small_rows::{BucketAssignment, SortedOutput, Unsorted};

/// The number of key bits that rows of a bucket are sorted by.
const KEY_BITS: u32 = 64 - ROW_BITS;

/// Rows in buckets, which are emitted in order.
pub(crate) struct Buckets<K> {
    encoding: Encoding,
    /// Buckets that were not emitted, in reverse order.
    waiting: Vec<Bucket>,
    tails: Tails,
    current: Bucket,
    /// The sorted rows of `current`, as numbers: key bits, then the chunk, then the row in the
    /// chunk.
    numbers: Vec<u64>,
    scratch: Vec<u64>,
    next: usize,
    chunks: Chunks,
    shared: Vec<Arc<Vec<Run>>>,
    keys: [K; KEY_BATCH],
}

impl<K: Key> Buckets<K> {
    /// Spreads rows over buckets.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is
    /// refused. Cannot fail if there are as many spare pages as
    /// [`spare_pages`](super::sizes::spare_pages) returns.
    ///
    /// # Safety
    /// The rows are of the encoding's layout.
    pub(crate) unsafe fn new(
        rows: Unsorted,
        assignment: BucketAssignment,
        encoding: Encoding,
        memory: &Memory,
    ) -> Result<Self> {
        // SAFETY: the caller's promise.
        let (mut moved, buckets) = unsafe { Self::spread_all(rows, assignment, encoding, memory)? };
        moved.queue_first(buckets);
        Ok(moved)
    }

    /// As [`Buckets::new`], for tasks that share rows. The rows are returned in buckets, and each
    /// bucket is then passed to the [`take_shared`](SortedOutput::take_shared) of the task that
    /// sorts it.
    ///
    /// # Errors
    /// As [`Buckets::new`].
    ///
    /// # Safety
    /// As [`Buckets::new`].
    pub(crate) unsafe fn sharing(
        rows: Unsorted,
        assignment: BucketAssignment,
        encoding: Encoding,
        memory: &Memory,
    ) -> Result<(Self, SpreadRows)> {
        // SAFETY: the caller's promise.
        let (mut moved, buckets) = unsafe { Self::spread_all(rows, assignment, encoding, memory)? };
        let runs = Arc::new(moved.chunks.take_runs());
        // Free chunks remain this task's.
        moved.shared.push(runs.clone());
        Ok((moved, SpreadRows { buckets, runs }))
    }

    fn empty(encoding: Encoding, chunks: Chunks) -> Self {
        Buckets {
            waiting: Vec::new(),
            tails: Tails::default(),
            current: Bucket::default(),
            numbers: Vec::new(),
            scratch: Vec::new(),
            next: 0,
            chunks,
            shared: Vec::new(),
            keys: [K::default(); KEY_BATCH],
            encoding,
        }
    }

    /// # Safety
    /// As [`Buckets::new`].
    unsafe fn spread_all(
        Unsorted { pages, arrived, spare, base_and_width }: Unsorted,
        assignment: BucketAssignment,
        encoding: Encoding,
        memory: &Memory,
    ) -> Result<(Self, Vec<Bucket>)> {
        let rows = match assignment {
            BucketAssignment::Ranges(splitters) => {
                let mut arrived =
                    arrived.unwrap_or_else(|| ArrivingRows::new(splitters, base_and_width, spare, memory));
                // SAFETY: the caller's promise.
                pages.into_iter().try_for_each(|page| unsafe { arrived.add_page(page) })?;
                let (buckets, chunks) = arrived.into_buckets(&encoding);
                return Ok((Self::empty(encoding, chunks), buckets));
            }
            BucketAssignment::Bits { rows } => rows,
        };
        let none = || (Vec::new(), Chunks::empty(base_and_width, memory));
        let (spread_before, mut chunks) = arrived.map_or_else(none, ArrivingRows::into_chunks);
        spare.into_iter().for_each(|run| chunks.add_run(run));
        let mut moved = Self::empty(encoding, chunks);
        let sizes = moved.chunks.sizes;
        let digit = Digit::of(rows, moved.encoding.bits(), sizes);
        let mut spread = Spread::over(digit.buckets());
        for page in pages {
            let (first, rows, run) = moved.chunks.unpack(page)?;
            // SAFETY: the caller's promise.
            unsafe { moved.spread(&mut spread, digit, (first, rows))? };
            moved.chunks.add_run(run);
        }
        for (index, chunk) in spread_before.iter().enumerate() {
            moved.chunks.prefetch(spread_before.get(index + 1));
            // SAFETY: `chunk.rows` rows lie in the chunk, which is not free yet.
            unsafe { moved.spread_chunk(&mut spread, digit, *chunk)? };
            moved.chunks.free.push(chunk.place);
        }
        Ok((moved, spread.into_buckets(sizes, digit.low).collect()))
    }

    /// Moves consecutive rows to the chunks of their buckets.
    ///
    /// # Safety
    /// `rows.1` rows begin at `rows.0`, in memory that is not a free chunk.
    unsafe fn spread(&mut self, to: &mut Spread, digit: Digit, rows: (*const u8, usize)) -> Result<()> {
        let Buckets { encoding, keys, chunks, .. } = self;
        let width = chunks.sizes.width;
        let buckets = |first: *const u8, buckets: &mut [u16]| {
            let keys = &mut keys[..buckets.len()];
            // SAFETY: the caller's promise: the rows are among those.
            unsafe { encoding.keys(first, width, keys) };
            buckets.iter_mut().zip(keys).for_each(|(bucket, key)| *bucket = digit.bucket_of(*key) as u16);
        };
        // SAFETY: the caller's promise.
        unsafe { to.scatter(rows, chunks, buckets) }
    }

    /// Moves the rows of a chunk to the chunks of their buckets.
    ///
    /// # Safety
    /// The chunk has `rows` rows, at `place`.
    unsafe fn spread_chunk(&mut self, to: &mut Spread, digit: Digit, Chunk { place, rows }: Chunk) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { self.spread(to, digit, (self.chunks.base().wrapping_add(place), rows)) }
    }

    /// Inserts buckets before those that wait.
    fn queue_first(&mut self, buckets: Vec<Bucket>) {
        self.waiting.extend(buckets.into_iter().rev().filter(|bucket| bucket.rows > 0));
    }

    /// Sorts the next bucket. Returns `false` if there is none.
    fn sort_next(&mut self) -> Result<bool> {
        for chunk in self.current.chunks.drain(..) {
            self.tails.release(chunk, &mut self.chunks);
        }
        (self.next, self.current.rows) = (0, 0);
        self.numbers.clear();
        while let Some(bucket) = self.waiting.pop() {
            if self.chunks.sizes.is_small(&bucket) {
                self.current = bucket;
                self.sort();
                return Ok(true);
            }
            self.divide(bucket)?;
        }
        Ok(false)
    }

    /// Spreads a bucket that is too large. If all its keys are equal, cuts it instead.
    fn divide(&mut self, mut bucket: Bucket) -> Result<()> {
        let sizes = self.chunks.sizes;
        if bucket.differing_bits == 0 {
            let rest = bucket.chunks.split_off((sizes.max_bucket_rows / sizes.chunk_rows).min(bucket.chunks.len()));
            let Bucket { has_packed_tail, is_inner, .. } = bucket;
            let part = |chunks| Bucket { has_packed_tail, is_inner, ..Bucket::of(chunks, 0) };
            self.waiting.extend([rest, bucket.chunks].map(part));
            return Ok(());
        }
        if bucket.is_inner {
            self.pack_tails()?;
        }
        let digit = Digit::of(bucket.rows, bucket.differing_bits, sizes);
        let mut spread = Spread::over(digit.buckets());
        for (index, chunk) in bucket.chunks.iter().enumerate() {
            self.chunks.prefetch(bucket.chunks.get(index + 1));
            // SAFETY: `chunk.rows` rows of the bucket lie in the chunk, which is not free yet.
            unsafe { self.spread_chunk(&mut spread, digit, *chunk)? };
            self.tails.release(*chunk, &mut self.chunks);
        }
        let inner = |bucket| Bucket { is_inner: true, ..bucket };
        self.queue_first(spread.into_buckets(sizes, digit.low).map(inner).collect());
        Ok(())
    }

    /// Moves the last rows of the waiting inner buckets to shared chunks. Else each level of skewed
    /// keys would leave a nearly empty chunk per bucket, and only two levels are reserved.
    #[cold]
    fn pack_tails(&mut self) -> Result<()> {
        let sizes = self.chunks.sizes;
        let mut waiting = std::mem::take(&mut self.waiting);
        for bucket in waiting.iter_mut().filter(|bucket| bucket.is_inner && !bucket.has_packed_tail) {
            bucket.has_packed_tail = true;
            let Some(tail) = bucket.chunks.pop_if(|chunk| chunk.rows < sizes.chunk_rows) else { continue };
            let mut done = 0;
            while done < tail.rows {
                let to = self.tails.claim(tail.rows - done, sizes);
                if to.rows == 0 {
                    let chunk = self.chunks.claim()?;
                    self.tails.begin_chunk(chunk, sizes);
                    continue;
                }
                let from = tail.place + done * sizes.width;
                // SAFETY: `to.rows` rows of the bucket begin there, and have room in the tails'
                // chunk, which is another.
                unsafe { self.chunks.in_place.copy(from, to.place, to.rows * sizes.width) };
                bucket.chunks.push(to);
                done += to.rows;
            }
            self.chunks.free.push(tail.place);
        }
        self.waiting = waiting;
        Ok(())
    }

    /// Sorts the rows of the bucket, as numbers.
    fn sort(&mut self) {
        let (Sizes { width, row_bits, .. }, base) = (self.chunks.sizes, self.chunks.base());
        let differing_bits = self.current.differing_bits;
        let (low, used) = (differing_bits.saturating_sub(KEY_BITS), differing_bits.min(KEY_BITS));
        let mask = (1 << used) - 1;
        for (index, &Chunk { place, rows }) in self.current.chunks.iter().enumerate() {
            self.chunks.prefetch(self.current.chunks.get(index + 1));
            for start in (0..rows).step_by(KEY_BATCH) {
                let keys = &mut self.keys[..KEY_BATCH.min(rows - start)];
                // SAFETY: `rows` rows of the bucket lie in the chunk.
                unsafe { self.encoding.keys(base.wrapping_add(place + start * width), width, keys) };
                let first = (index << row_bits | start) as u64;
                let number = |(row, key): (usize, &K)| (key.above(low) & mask) << ROW_BITS | (first + row as u64);
                self.numbers.extend(keys.iter().enumerate().map(number));
            }
        }
        if used == 0 {
            return;
        }
        self.scratch.resize(self.numbers.len(), 0);
        sort_in_cache(&mut self.numbers, &mut self.scratch, used, |number, low| number >> ROW_BITS >> low, u64::cmp);
        if low > 0 {
            self.sort_ties();
        }
    }

    /// Prefetches the same share of the next bucket as of this one is emitted, up to its row `end`.
    /// The memory is idle meanwhile.
    fn prefetch_next(&self, end: usize) {
        let Some(next) = self.waiting.last().filter(|next| self.chunks.sizes.is_small(next)) else { return };
        let chunks_until = |rows: usize| rows * next.chunks.len() / self.numbers.len().max(1);
        next.chunks[chunks_until(self.next)..chunks_until(end)]
            .iter()
            .for_each(|chunk| self.chunks.prefetch(Some(chunk)));
    }

    /// Sorts rows that agree in the key bits of their numbers, by their whole keys.
    fn sort_ties(&mut self) {
        let mut numbers = std::mem::take(&mut self.numbers);
        let (mut next, agree) = (0, |left: u64, right: u64| (left ^ right) >> ROW_BITS == 0);
        while let Some(first) = first_tie(&numbers[next..]) {
            let first = next + first;
            let rows = numbers[first..].iter().take_while(|&&number| agree(number, numbers[first])).count();
            next = first + rows;
            numbers[first..next].sort_by_cached_key(|&number| {
                let mut key = [K::default()];
                let row = self.chunks.base().wrapping_add(self.place(number));
                // SAFETY: the number stands for a row of the bucket.
                unsafe { self.encoding.keys(row, self.chunks.sizes.width, &mut key) };
                key[0]
            });
        }
        self.numbers = numbers;
    }

    /// The place of a row of the bucket.
    fn place(&self, number: u64) -> usize {
        place(number, &self.current.chunks, self.chunks.sizes)
    }
}

/// The place of a row of a bucket with these chunks.
#[inline(always)]
fn place(number: u64, chunks: &[Chunk], Sizes { width, row_bits, .. }: Sizes) -> usize {
    let row = number as usize & ((1 << ROW_BITS) - 1);
    let in_chunk = row & ((1 << row_bits) - 1);
    chunks[row >> row_bits].place + in_chunk * width
}

/// The position of the first of some sorted numbers whose key bits are equal to those of the next
/// one.
fn first_tie(numbers: &[u64]) -> Option<usize> {
    /// Number of pairs that are compared together. Ties are rare.
    const PAIRS: usize = 64;
    let are_tied = |left: u64, right: u64| ((left ^ right) >> ROW_BITS).wrapping_sub(1) >> 63;
    (0..numbers.len()).step_by(PAIRS).find_map(|start| {
        let some = &numbers[start..numbers.len().min(start + PAIRS + 1)];
        let pairs = || some.iter().zip(&some[1..]).map(|(&left, &right)| are_tied(left, right));
        // Without an early return, so that a processor compares several pairs at a time.
        let is_any = pairs().fold(0, |any, tied| any | tied) > 0;
        is_any.then(|| pairs().position(|tied| tied > 0).map(|pair| start + pair)).flatten()
    })
}

impl<K: Key> SortedOutput for Buckets<K> {
    fn emit(&mut self, gather: &Gather, out: &mut RowWriter) -> Result<bool> {
        while !out.has_sealed() {
            if self.next == self.numbers.len() && !self.sort_next()? {
                return Ok(false);
            }
            let end = self.numbers.len().min(self.next + COPY_ROWS);
            let (numbers, chunks, sizes) = (&self.numbers[..end], &self.current.chunks[..], self.chunks.sizes);
            // SAFETY: they are places of the bucket's rows.
            unsafe { gather.copy_each(self.next..end, |row| place(numbers[row], chunks, sizes), out)? };
            self.prefetch_next(end);
            self.next = end;
        }
        Ok(self.next < self.numbers.len() || !self.waiting.is_empty())
    }

    fn take_shared(&mut self, parts: Vec<SpreadRows>) -> Result<()> {
        let mut joined: Vec<Bucket> = Vec::new();
        for part in parts {
            joined.resize_with(joined.len().max(part.buckets.len()), Bucket::default);
            joined.iter_mut().zip(part.buckets).for_each(|(joined, bucket)| joined.join(bucket));
            self.shared.push(part.runs);
        }
        self.queue_first(joined);
        Ok(())
    }
}
