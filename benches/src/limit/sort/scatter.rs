//! Scatters the pairs of the file into buckets by the uppermost bits of their keys.
//!
//! A bucket is a chain of chunks in one thread's arena, so nothing is counted beforehand. Pairs are
//! collected in a line of 64 bytes for each bucket. Whole lines are stored to memory bypassing the
//! cache, which would otherwise load each line before it is overwritten.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Row;
use crate::limit::pages::Pages;

/// Number of uppermost bits of a key that choose its bucket.
pub(super) const BUCKET_BITS: u32 = 12;

/// Number of buckets.
pub(super) const BUCKETS: usize = 1 << BUCKET_BITS;

/// Small enough that a block stays in a core's second-level cache until it is scattered.
const BLOCK_ROWS: usize = (256 << 10) / size_of::<Row>();

/// Pairs in a chunk of a bucket: 8 KiB.
const CHUNK_ROWS: usize = 512;

/// Pairs in a cache line.
const LINE_ROWS: usize = 4;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
struct Line([Row; LINE_ROWS]);

/// One thread's buckets while they are filled.
pub(super) struct Scatterer {
    /// The incomplete line of each bucket.
    lines: Box<[Line; BUCKETS]>,
    /// Pairs in each bucket so far.
    rows: Box<[u32; BUCKETS]>,
    /// The place of each bucket's next line in the arena, in lines.
    ends: Box<[u32; BUCKETS]>,
    arena: Pages<Line>,
    /// The previous chunk of each chunk in the arena.
    before: Vec<u32>,
    block: Vec<Row>,
}

/// One thread's buckets.
pub(super) struct Scattered {
    lines: Box<[Line; BUCKETS]>,
    rows: Box<[u32; BUCKETS]>,
    ends: Box<[u32; BUCKETS]>,
    arena: Pages<Line>,
    before: Vec<u32>,
}

const CHUNK_LINES: usize = CHUNK_ROWS / LINE_ROWS;

impl Scatterer {
    /// Reserves space for all pairs of the file. Only written pages take memory.
    pub(super) fn new(file_bytes: u64) -> io::Result<Self> {
        let lines = file_bytes as usize / size_of::<Line>() + BUCKETS * CHUNK_LINES;
        Ok(Self {
            lines: Box::new([Line::default(); BUCKETS]),
            rows: Box::new([0; BUCKETS]),
            ends: Box::new([0; BUCKETS]),
            arena: Pages::zeroed(lines)?,
            before: Vec::new(),
            block: vec![Row::default(); BLOCK_ROWS],
        })
    }

    /// Scatters blocks until none is left to claim.
    pub(super) fn scatter(mut self, file: &File, file_bytes: u64, next: &AtomicU64) -> io::Result<Scattered> {
        let block_bytes = (BLOCK_ROWS * size_of::<Row>()) as u64;
        loop {
            let start = next.fetch_add(1, Ordering::Relaxed) * block_bytes;
            if start >= file_bytes {
                break;
            }
            let rows = block_bytes.min(file_bytes - start) as usize / size_of::<Row>();
            let mut block = std::mem::take(&mut self.block);
            file.read_exact_at(bytes_of(&mut block[..rows]), start)?;
            block[..rows].iter().for_each(|row| self.add(row.of_file()));
            self.block = block;
        }
        finish_streams();
        let Self { lines, rows, ends, arena, before, .. } = self;
        Ok(Scattered { lines, rows, ends, arena, before })
    }

    #[inline(always)]
    fn add(&mut self, row: Row) {
        let bucket = (row.key >> (64 - BUCKET_BITS)) as usize;
        let place = self.rows[bucket] as usize % LINE_ROWS;
        self.lines[bucket].0[place] = row;
        self.rows[bucket] += 1;
        if place == LINE_ROWS - 1 {
            self.flush(bucket);
        }
    }

    #[inline(always)]
    fn flush(&mut self, bucket: usize) {
        let mut end = self.ends[bucket] as usize;
        // The first line of a chunk. A bucket without a chunk also has its end at 0.
        if end.is_multiple_of(CHUNK_LINES) {
            end = self.take_chunk(bucket);
        }
        stream(&self.lines[bucket], &mut self.arena.as_mut_slice()[end]);
        self.ends[bucket] = end as u32 + 1;
    }

    /// Appends a new chunk to the bucket's chain.
    #[cold]
    fn take_chunk(&mut self, bucket: usize) -> usize {
        let chunk = self.before.len();
        let is_first = self.rows[bucket] as usize <= LINE_ROWS;
        self.before.push(if is_first { NONE } else { (self.ends[bucket] - 1) / CHUNK_LINES as u32 });
        chunk * CHUNK_LINES
    }
}

impl Scattered {
    /// Passes the pairs of a bucket in pieces, in no order.
    pub(super) fn pieces(&self, bucket: usize, mut see: impl FnMut(&[Row])) {
        let rows = self.rows[bucket] as usize;
        see(&self.lines[bucket].0[..rows % LINE_ROWS]);
        if rows < LINE_ROWS {
            return;
        }
        let arena = rows_of(self.arena.as_slice());
        let mut end = self.ends[bucket] as usize * LINE_ROWS;
        let mut chunk = ((end - 1) / CHUNK_ROWS) as u32;
        while chunk != NONE {
            see(&arena[chunk as usize * CHUNK_ROWS..end]);
            chunk = self.before[chunk as usize];
            end = (chunk as usize).wrapping_add(1).wrapping_mul(CHUNK_ROWS);
        }
    }

    /// Returns the number of pairs in a bucket.
    pub(super) fn rows(&self, bucket: usize) -> usize {
        self.rows[bucket] as usize
    }
}

fn bytes_of(rows: &mut [Row]) -> &mut [u8] {
    // SAFETY: rows are two integers each, without padding, so all their bytes are initialized, any
    // bytes make rows, and the borrow passes on.
    unsafe { slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), size_of_val(rows)) }
}

fn rows_of(lines: &[Line]) -> &[Row] {
    // SAFETY: a line is four rows without padding, aligned more strictly than they.
    unsafe { slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * LINE_ROWS) }
}

/// Stores a line bypassing the cache.
#[inline(always)]
fn stream(from: &Line, to: &mut Line) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_load_si128, _mm_stream_si128};
        let (from, to) = (from.0.as_ptr(), to.0.as_mut_ptr());
        for place in 0..LINE_ROWS {
            // SAFETY: both lines have LINE_ROWS rows of 16 bytes at addresses that are multiples of
            // 16, and every x86-64 has SSE2.
            unsafe { _mm_stream_si128(to.add(place).cast(), _mm_load_si128(from.add(place).cast())) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        *to = *from;
    }
}

/// Makes streamed lines visible to threads that synchronize by ordinary means.
fn finish_streams() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 has SSE.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    };
}
