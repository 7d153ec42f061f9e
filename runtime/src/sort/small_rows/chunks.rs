//! The memory that rows are moved to and from.

use crate::error::{Error, Result};
use crate::hash::prefetch;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{FIRST_ROW, Page, PlaceWriter, Run};
use crate::sort::small_rows::sizes::{CHUNK_BYTES, Chunk, Sizes};

/// Pieces of pages for rows of one width.
pub(crate) struct Chunks {
    pub(crate) sizes: Sizes,
    /// Where their rows lie. Chunks are written that were claimed: each of them is one task's, even where the run that it lies in is held by several.
    pub(crate) in_place: PlaceWriter,
    pub(crate) free: Vec<usize>,
    /// They hold the chunks.
    runs: Vec<Run>,
    memory: Memory,
}

impl Chunks {
    /// None yet, for rows of a width, whose places count from a base.
    pub(crate) fn none((base, width): (*const u8, usize), memory: &Memory) -> Self {
        // SAFETY: places count from `base`, and only chunks are written that were claimed or taken, by this task alone.
        let in_place = unsafe { PlaceWriter::new(base) };
        let (free, runs) = (Vec::new(), Vec::new());
        Chunks { sizes: Sizes::of(width), in_place, free, runs, memory: memory.clone() }
    }

    /// The address that places count from, to read from.
    #[inline(always)]
    pub(crate) fn base(&self) -> *const u8 {
        self.in_place.start()
    }

    pub(crate) fn supply(&mut self, run: Run) {
        let first = run.offset();
        self.free.extend((0..run.bytes() / CHUNK_BYTES).map(|chunk| first + chunk * CHUNK_BYTES));
        self.runs.push(run);
    }

    /// A chunk that is free.
    pub(crate) fn claim(&mut self) -> Result<usize> {
        loop {
            if let Some(chunk) = self.free.pop() {
                return Ok(chunk);
            }
            // Not where there were as many spare pages as should be.
            self.grow_to(self.pages() + 1)?;
        }
    }

    /// A page's first row, how many it has, and the page's memory, which is to be [supplied](Chunks::supply) once they are moved.
    pub(crate) fn unpack(&self, page: Page) -> Result<(*const u8, usize, Run)> {
        let rows = page.rows();
        let shared = || Error::Internal("rows are to be moved out of a page that is shared".to_owned());
        let run = page.reclaim().ok_or_else(shared)?;
        Ok((self.base().wrapping_add(run.offset() + FIRST_ROW), rows, run))
    }

    /// Pages that hold all chunks, those that are free among them.
    pub(crate) fn pages(&self) -> usize {
        self.runs.len()
    }

    /// Has so many pages.
    pub(crate) fn grow_to(&mut self, pages: usize) -> Result<()> {
        while self.pages() < pages {
            let run = Run::new(PAGE_BYTES, &self.memory)?;
            self.supply(run);
        }
        Ok(())
    }

    /// What holds the chunks, which is kept for as long as anybody reads them. Those that are free stay so.
    pub(crate) fn take_runs(&mut self) -> Vec<Run> {
        std::mem::take(&mut self.runs)
    }

    /// Asks for a chunk that is read next, as a core does not see by itself where that is.
    pub(crate) fn prefetch(&self, chunk: Option<&Chunk>) {
        let bytes = |chunk: &Chunk| chunk.place..chunk.place + chunk.rows * self.sizes.width;
        let lines = chunk.into_iter().flat_map(|chunk| bytes(chunk).step_by(64));
        lines.for_each(|place| prefetch(self.base().wrapping_add(place)));
    }
}
