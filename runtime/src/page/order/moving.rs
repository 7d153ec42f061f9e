//! Sorting small rows by moving them: no index, and no memory beside their own pages but a little.
//!
//! Rows are spread over buckets by the uppermost bits of their keys that differ, from their pages into chunks that come from the pages
//! before. A bucket that does not fit a core's second cache is spread again. One that does is sorted when its turn comes, by numbers of 48
//! bits of the key and 16 for the row, and its rows are copied out in that order.

mod sharing;
mod spread;
mod tails;

use std::collections::VecDeque;
use std::sync::Arc;

use super::encoding::{Encoding, Key};
use super::entries::KEYS;
use super::gather::{AT_ONCE, Gather, prefetch};
use super::radix::sort_in_cache;
use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::page::region::PAGE_BYTES;
use crate::page::run::{FIRST_ROW, Page, Run};
use crate::page::writer::RowWriter;

use spread::{Bucket, CHUNK_BYTES, Chunk, Head, ROW_BITS};
use tails::Tails;

pub use sharing::{KeyBounds, SpreadRows};
pub(super) use spread::{Sizes, Spread, bytes, spare_pages};

/// The widest rows that are moved.
pub(super) const MOST_WIDTH: usize = 32;
/// Rows of a bucket are sorted by so many bits of their keys.
const KEY_BITS: u32 = 64 - ROW_BITS;

/// Rows that are being given back in order.
pub(super) trait Moved: Send {
    /// See [`SortBuffer::emit`](super::SortBuffer::emit).
    fn emit(&mut self, gather: &Gather, out: &mut RowWriter) -> Result<bool>;

    /// Takes rows of all tasks, in buckets that these have shared.
    fn take(&mut self, _: Vec<SpreadRows>) -> Result<()> {
        Err(Error::Internal("rows were shared with whom they were not spread for".to_owned()))
    }
}

/// Pages whose rows are in order.
impl Moved for VecDeque<Page> {
    fn emit(&mut self, gather: &Gather, out: &mut RowWriter) -> Result<bool> {
        while !out.has_sealed() {
            let Some(page) = self.pop_front() else { break };
            if page.layout() == out.layout() {
                out.push_sealed(page);
            } else {
                // SAFETY: the page's rows begin there, and it lives until they are copied.
                unsafe { gather.copy_stretch(gather.place_of(&page), page.rows(), out)? };
            }
        }
        Ok(!self.is_empty())
    }
}

pub(super) struct Buckets<K> {
    encoding: Encoding,
    sizes: Sizes,
    base: *mut u8,
    /// The next one is the last.
    waiting: Vec<Bucket>,
    /// Those of the first spreading differ in so many bits.
    first_digits: u32,
    tails: Tails,
    now: Bucket,
    /// The rows of `now` in order: bits of the key, then chunk and row.
    numbers: Vec<u64>,
    room: Vec<u64>,
    next: usize,
    free: Vec<usize>,
    /// They hold the chunks.
    runs: Vec<Run>,
    shared: Vec<Arc<Vec<Run>>>,
    memory: Memory,
    keys: [K; KEYS],
}

// SAFETY: `base` is the region's start, which all threads share; the runs have one owner, this.
unsafe impl<K: Send> Send for Buckets<K> {}

impl<K: Key> Buckets<K> {
    /// Spreads the rows of some pages, with `spare` ones to begin with.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), unless there are as many as [`spare_pages`].
    ///
    /// # Safety
    /// The pages are of the encoding's layout, whose rows have `width` bytes and no slots.
    pub(super) unsafe fn new(
        pages: Vec<Page>,
        spare: Vec<Run>,
        encoding: Encoding,
        of_rows: (*mut u8, usize),
        memory: &Memory,
    ) -> Result<Self> {
        let mut buckets = Self::none(encoding, of_rows, memory);
        let rows = pages.iter().map(Page::rows).sum();
        // SAFETY: the caller's promise.
        let spread = unsafe { buckets.spread_pages(pages, spare, rows)? };
        buckets.wait(spread);
        Ok(buckets)
    }

    /// As [`Buckets::new`], for rows that other tasks, which spread theirs over the same buckets, will [take](Moved::take) too: there are `rows` in all.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Safety
    /// As there.
    pub(super) unsafe fn sharing(
        (pages, rows): (Vec<Page>, usize),
        spare: Vec<Run>,
        encoding: Encoding,
        of_rows: (*mut u8, usize),
        memory: &Memory,
    ) -> Result<(Self, SpreadRows)> {
        let mut buckets = Self::none(encoding, of_rows, memory);
        // SAFETY: the caller's promise.
        let spread = unsafe { buckets.spread_pages(pages, spare, rows)? };
        let runs = Arc::new(std::mem::take(&mut buckets.runs));
        // Chunks that are free stay this task's.
        buckets.shared.push(runs.clone());
        let spread = SpreadRows { buckets: spread.into_buckets(buckets.sizes).collect(), runs };
        Ok((buckets, spread))
    }

    fn none(encoding: Encoding, (base, width): (*mut u8, usize), memory: &Memory) -> Self {
        Buckets {
            sizes: Sizes::of(width),
            base,
            waiting: Vec::new(),
            first_digits: encoding.bits(),
            tails: Tails::default(),
            now: Bucket::default(),
            numbers: Vec::new(),
            room: Vec::new(),
            next: 0,
            free: Vec::new(),
            runs: Vec::new(),
            shared: Vec::new(),
            memory: memory.clone(),
            keys: [K::default(); KEYS],
            encoding,
        }
    }

    /// Spreads the rows of pages over buckets for so many rows.
    ///
    /// # Safety
    /// As [`Buckets::new`].
    unsafe fn spread_pages(&mut self, pages: Vec<Page>, spare: Vec<Run>, rows: usize) -> Result<Spread> {
        spare.into_iter().for_each(|run| self.supply(run));
        let mut spread = Spread::new(rows, self.encoding.bits(), self.sizes);
        self.first_digits = spread.low;
        for page in pages {
            let rows = page.rows();
            let shared = || Error::Internal("rows are to be moved out of a page that is shared".to_owned());
            let run = page.reclaim().ok_or_else(shared)?;
            // SAFETY: the caller's promise.
            unsafe { self.spread(&mut spread, run.offset() + FIRST_ROW, rows)? };
            self.supply(run);
        }
        Ok(spread)
    }

    fn supply(&mut self, run: Run) {
        let first = run.offset();
        self.free.extend((0..run.bytes() / CHUNK_BYTES).map(|chunk| first + chunk * CHUNK_BYTES));
        self.runs.push(run);
    }

    /// Moves rows that lie one behind the other to their buckets' chunks.
    ///
    /// # Safety
    /// So many rows begin at the place `first`, in memory that is not free.
    unsafe fn spread(&mut self, to: &mut Spread, first: usize, rows: usize) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe {
            match self.sizes.width {
                8 => self.spread_words::<1>(to, first, rows),
                16 => self.spread_words::<2>(to, first, rows),
                24 => self.spread_words::<3>(to, first, rows),
                32 => self.spread_words::<4>(to, first, rows),
                _ => self.spread_words::<0>(to, first, rows),
            }
        }
    }

    /// As [`Buckets::spread`], for rows of so many words, or of any width for none.
    unsafe fn spread_words<const WORDS: usize>(&mut self, to: &mut Spread, first: usize, rows: usize) -> Result<()> {
        let width = self.sizes.width;
        for start in (0..rows).step_by(KEYS) {
            let (place, count) = (first + start * width, KEYS.min(rows - start));
            // SAFETY: the caller's promise: the rows are among those that begin at `first`.
            unsafe { self.encoding.keys(self.base.wrapping_add(place), width, &mut self.keys[..count]) };
            for row in 0..count {
                let bucket = to.bucket_of(self.keys[row]);
                if to.heads[bucket].next == to.heads[bucket].end {
                    self.open(to, bucket)?;
                }
                let head = &mut to.heads[bucket];
                let (from, at) = (self.base.wrapping_add(place + row * width), self.base.wrapping_add(head.next));
                head.next += width;
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
    fn open(&mut self, to: &mut Spread, bucket: usize) -> Result<()> {
        let (chunk, rows) = (self.free_chunk()?, self.sizes.rows_of_chunk);
        to.chunks[bucket].push(Chunk { place: chunk, rows });
        to.heads[bucket] = Head { next: chunk, end: chunk + rows * self.sizes.width };
        Ok(())
    }

    fn free_chunk(&mut self) -> Result<usize> {
        loop {
            if let Some(chunk) = self.free.pop() {
                return Ok(chunk);
            }
            // Not where there were as many spare pages as should be.
            let run = Run::new(PAGE_BYTES, &self.memory)?;
            self.supply(run);
        }
    }

    /// Puts the buckets before those that wait.
    fn wait(&mut self, spread: Spread) {
        let buckets = spread.into_buckets(self.sizes).rev();
        self.waiting.extend(buckets.filter(|bucket| bucket.rows > 0));
    }

    /// Sorts the next bucket; whether there is one.
    fn prepare(&mut self) -> Result<bool> {
        for chunk in self.now.chunks.drain(..) {
            self.tails.leave(chunk, self.sizes, &mut self.free);
        }
        (self.next, self.now.rows) = (0, 0);
        self.numbers.clear();
        while let Some(bucket) = self.waiting.pop() {
            if self.sizes.is_small(&bucket) {
                self.now = bucket;
                self.sort();
                return Ok(true);
            }
            self.divide(bucket)?;
        }
        Ok(false)
    }

    /// Spreads a bucket that is too large, or cuts it, where all its keys are equal.
    fn divide(&mut self, mut bucket: Bucket) -> Result<()> {
        let sizes = self.sizes;
        if bucket.digits == 0 {
            let rest = bucket.chunks.split_off((sizes.rows_of_bucket / sizes.rows_of_chunk).min(bucket.chunks.len()));
            let part = |chunks| Bucket { is_packed: bucket.is_packed, ..Bucket::of(chunks, 0) };
            self.waiting.extend([rest, bucket.chunks].map(part));
            return Ok(());
        }
        if bucket.digits < self.first_digits {
            self.pack_tails()?;
        }
        let mut spread = Spread::new(bucket.rows, bucket.digits, sizes);
        for (index, chunk) in bucket.chunks.iter().enumerate() {
            self.prefetch(bucket.chunks.get(index + 1));
            // SAFETY: so many rows of the bucket lie in the chunk, which is not free yet.
            unsafe { self.spread(&mut spread, chunk.place, chunk.rows)? };
            self.tails.leave(*chunk, sizes, &mut self.free);
        }
        self.wait(spread);
        Ok(())
    }

    /// Puts the last rows of the buckets that wait, but for those of the first spreading, one behind the other: else each level of skewed keys would
    /// leave a chunk of each bucket that is nearly empty. Room for two levels is paid.
    #[cold]
    fn pack_tails(&mut self) -> Result<()> {
        let (sizes, base, first_digits) = (self.sizes, self.base, self.first_digits);
        let mut waiting = std::mem::take(&mut self.waiting);
        for bucket in waiting.iter_mut().filter(|bucket| bucket.digits < first_digits && !bucket.is_packed) {
            bucket.is_packed = true;
            let Some(tail) = bucket.chunks.pop_if(|chunk| chunk.rows < sizes.rows_of_chunk) else { continue };
            let mut done = 0;
            while done < tail.rows {
                let to = self.tails.claim(tail.rows - done, sizes);
                if to.rows == 0 {
                    let chunk = self.free_chunk()?;
                    self.tails.begin(chunk, sizes);
                    continue;
                }
                let from = base.wrapping_add(tail.place + done * sizes.width);
                // SAFETY: so many rows of the bucket begin there, and have room in the tails' chunk, which is another.
                unsafe { from.copy_to_nonoverlapping(base.wrapping_add(to.place), to.rows * sizes.width) };
                bucket.chunks.push(to);
                done += to.rows;
            }
            self.free.push(tail.place);
        }
        self.waiting = waiting;
        Ok(())
    }

    /// Puts the rows of the bucket in order, as numbers.
    fn sort(&mut self) {
        let Sizes { width, row_bits, .. } = self.sizes;
        let digits = self.now.digits;
        let (low, used) = (digits.saturating_sub(KEY_BITS), digits.min(KEY_BITS));
        let mask = (1 << used) - 1;
        for (index, &Chunk { place, rows }) in self.now.chunks.iter().enumerate() {
            self.prefetch(self.now.chunks.get(index + 1));
            for start in (0..rows).step_by(KEYS) {
                let keys = &mut self.keys[..KEYS.min(rows - start)];
                // SAFETY: so many rows of the bucket lie in the chunk.
                unsafe { self.encoding.keys(self.base.wrapping_add(place + start * width), width, keys) };
                let first = (index << row_bits | start) as u64;
                let number = |(row, key): (usize, &K)| (key.above(low) & mask) << ROW_BITS | (first + row as u64);
                self.numbers.extend(keys.iter().enumerate().map(number));
            }
        }
        if used == 0 {
            return;
        }
        self.room.resize(self.numbers.len(), 0);
        sort_in_cache(&mut self.numbers, &mut self.room, used, |number, low| number >> ROW_BITS >> low, u64::cmp);
        if low > 0 {
            self.sort_ties();
        }
    }

    /// Asks for the chunk that is read next, as a core does not see by itself where that is.
    fn prefetch(&self, chunk: Option<&Chunk>) {
        let bytes = |chunk: &Chunk| chunk.place..chunk.place + chunk.rows * self.sizes.width;
        let lines = chunk.into_iter().flat_map(|chunk| bytes(chunk).step_by(64));
        lines.for_each(|place| prefetch(self.base.wrapping_add(place)));
    }

    /// Asks for as much of the next bucket as is given of this one, when its rows before `end` are: memory has nothing else to do.
    fn prefetch_next(&self, end: usize) {
        let Some(next) = self.waiting.last().filter(|next| self.sizes.is_small(next)) else { return };
        let asked = |rows: usize| rows * next.chunks.len() / self.numbers.len().max(1);
        next.chunks[asked(self.next)..asked(end)].iter().for_each(|chunk| self.prefetch(Some(chunk)));
    }

    /// Puts rows in order that agree in the bits of their keys that are in their numbers.
    fn sort_ties(&mut self) {
        let mut numbers = std::mem::take(&mut self.numbers);
        for ties in numbers.chunk_by_mut(|left, right| left >> ROW_BITS == right >> ROW_BITS) {
            if ties.len() > 1 {
                ties.sort_by_cached_key(|&number| {
                    let mut key = [K::default()];
                    let row = self.base.wrapping_add(self.place(number));
                    // SAFETY: the number stands for a row of the bucket.
                    unsafe { self.encoding.keys(row, self.sizes.width, &mut key) };
                    key[0]
                });
            }
        }
        self.numbers = numbers;
    }

    /// The place of a row of the bucket.
    #[inline(always)]
    fn place(&self, number: u64) -> usize {
        let row = number as usize & ((1 << ROW_BITS) - 1);
        let in_chunk = row & ((1 << self.sizes.row_bits) - 1);
        self.now.chunks[row >> self.sizes.row_bits].place + in_chunk * self.sizes.width
    }
}

impl<K: Key> Moved for Buckets<K> {
    fn emit(&mut self, gather: &Gather, out: &mut RowWriter) -> Result<bool> {
        let mut places = [0; AT_ONCE];
        while !out.has_sealed() {
            if self.next == self.numbers.len() && !self.prepare()? {
                return Ok(false);
            }
            let end = self.numbers.len().min(self.next + AT_ONCE);
            let numbers = &self.numbers[self.next..end];
            numbers.iter().zip(&mut places).for_each(|(&number, place)| *place = self.place(number));
            // SAFETY: they are places of the bucket's rows.
            unsafe { gather.copy(&places[..numbers.len()], out)? };
            self.prefetch_next(end);
            self.next = end;
        }
        Ok(self.next < self.numbers.len() || !self.waiting.is_empty())
    }

    fn take(&mut self, parts: Vec<SpreadRows>) -> Result<()> {
        let mut joined: Vec<Bucket> = Vec::new();
        for part in parts {
            joined.resize_with(joined.len().max(part.buckets.len()), Bucket::default);
            joined.iter_mut().zip(part.buckets).for_each(|(joined, bucket)| joined.join(bucket));
            self.shared.push(part.runs);
        }
        self.waiting.extend(joined.into_iter().rev().filter(|bucket| bucket.rows > 0));
        Ok(())
    }
}
