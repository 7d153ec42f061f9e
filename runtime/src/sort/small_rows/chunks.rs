//! Memory in chunks, which rows are moved from and to.

use crate::error::{Error, Result};
use crate::hash::prefetch;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{FIRST_ROW, Page, PlaceWriter, Run};
use crate::sort::small_rows::sizes::{CHUNK_BYTES, Chunk, Sizes};

/// Chunks for rows of one width, and the pages that they are cut from.
pub(crate) struct Chunks {
    pub(crate) sizes: Sizes,
    /// The memory of all chunks. A task writes only to chunks that it has claimed, even if several
    /// tasks hold the page.
    pub(crate) in_place: PlaceWriter,
    pub(crate) free: Vec<usize>,
    /// The pages of the chunks.
    runs: Vec<Run>,
    memory: Memory,
}

impl Chunks {
    /// Creates it without chunks. The arguments are the address that places are offsets from, and
    /// the width of a row.
    pub(crate) fn empty((base, width): (*const u8, usize), memory: &Memory) -> Self {
        // SAFETY: places count from `base`, and only chunks are written that were claimed or taken,
        // by this task alone.
        let in_place = unsafe { PlaceWriter::new(base) };
        let (free, runs) = (Vec::new(), Vec::new());
        Chunks { sizes: Sizes::of(width), in_place, free, runs, memory: memory.clone() }
    }

    /// The address that places are offsets from, for reading.
    #[inline(always)]
    pub(crate) fn base(&self) -> *const u8 {
        self.in_place.start()
    }

    pub(crate) fn add_run(&mut self, run: Run) {
        let first = run.offset();
        self.free.extend((0..run.bytes() / CHUNK_BYTES).map(|chunk| first + chunk * CHUNK_BYTES));
        self.runs.push(run);
    }

    /// Claims a free chunk.
    pub(crate) fn claim(&mut self) -> Result<usize> {
        loop {
            if let Some(chunk) = self.free.pop() {
                return Ok(chunk);
            }
            // Not reached if there are as many spare pages as
            // [`spare_pages`](super::sizes::spare_pages) returns.
            self.grow_to(self.pages() + 1)?;
        }
    }

    /// A page's first row, its number of rows, and its memory. The caller must
    /// [supply](Chunks::add_run) the memory after it has moved the rows.
    pub(crate) fn unpack(&self, page: Page) -> Result<(*const u8, usize, Run)> {
        let rows = page.rows();
        let shared = || Error::Internal("rows are to be moved out of a page that is shared".to_owned());
        let run = page.reclaim().ok_or_else(shared)?;
        Ok((self.base().wrapping_add(run.offset() + FIRST_ROW), rows, run))
    }

    /// The number of pages with chunks, including free ones.
    pub(crate) fn pages(&self) -> usize {
        self.runs.len()
    }

    /// Allocates pages until there are `pages`.
    pub(crate) fn grow_to(&mut self, pages: usize) -> Result<()> {
        while self.pages() < pages {
            let run = Run::new(PAGE_BYTES, &self.memory)?;
            self.add_run(run);
        }
        Ok(())
    }

    /// Takes the pages of all chunks, for sharing. They must be held while a task reads them. Free
    /// chunks stay free.
    pub(crate) fn take_runs(&mut self) -> Vec<Run> {
        std::mem::take(&mut self.runs)
    }

    /// Prefetches a chunk that is read next. The hardware cannot predict its place.
    pub(crate) fn prefetch(&self, chunk: Option<&Chunk>) {
        let bytes = |chunk: &Chunk| chunk.place..chunk.place + chunk.rows * self.sizes.width;
        let lines = chunk.into_iter().flat_map(|chunk| bytes(chunk).step_by(64));
        lines.for_each(|place| prefetch(self.base().wrapping_add(place)));
    }
}
