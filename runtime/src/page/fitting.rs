//! Computes the memory that rows need, before they are written.

use smallvec::SmallVec;

use crate::memory::limits::PAGE_BYTES;
use crate::row::Physical;

use super::batch::{Input, LeafPtr};
use super::copy::{heap_bytes, source_leaf};
use super::run::{FIRST_ROW, run_bytes};
use super::writer::RowWriter;

impl RowWriter {
    /// Returns the number of first rows of `input` that [`append`](RowWriter::append) can write
    /// into at most `max_bytes` of new pages, and the bytes of these pages. The number is at least
    /// 1, even if that row alone needs more.
    #[must_use]
    pub fn fitting(&self, input: &Input<'_>, leaves: Option<&[usize]>, max_bytes: usize) -> (usize, usize) {
        let layout = self.layout();
        let is_slot =
            |&leaf: &usize| layout.types()[leaf].physical() == Physical::Slot && layout.offset(leaf).is_some();
        let slots: SmallVec<[LeafPtr; 8]> = (0..layout.types().len())
            .filter(is_slot)
            .map(|leaf| source_leaf(input.batch(), leaves.map_or(leaf, |leaves| leaves[leaf]), layout.types()[leaf]))
            .collect();
        if slots.is_empty() {
            return self.fitting_plain(input.len(), max_bytes);
        }
        let (width, mut free, mut bytes) = (layout.width(), self.free_bytes(), 0);
        for (count, &row) in input.selection().rows().iter().enumerate() {
            // SAFETY: an input's rows are rows of its batch.
            let heap = unsafe { heap_bytes(&slots, row as usize) };
            if width + heap <= free {
                free -= width + heap;
                continue;
            }
            let run = run_bytes(FIRST_ROW + width + heap);
            if count > 0 && bytes + run > max_bytes {
                return (count, bytes);
            }
            bytes += run;
            // Rows are in a run's first page.
            free = (run - heap).min(PAGE_BYTES).saturating_sub(FIRST_ROW + width);
        }
        (input.len(), bytes)
    }

    /// As [`RowWriter::fitting`], for rows without variable parts.
    fn fitting_plain(&self, rows: usize, max_bytes: usize) -> (usize, usize) {
        let width = self.layout().width();
        let open = self.free_bytes() / width;
        let in_page = ((PAGE_BYTES - FIRST_ROW) / width).max(1);
        let pages = rows.saturating_sub(open).div_ceil(in_page).min((max_bytes / PAGE_BYTES).max(1));
        (rows.min(open + pages * in_page), pages * PAGE_BYTES)
    }

    /// Closes the open page if it is larger than [`PAGE_BYTES`]. Such a page has little or no free
    /// space.
    pub fn seal_large(&mut self) {
        if self.open_run().is_some_and(|run| run.bytes() > PAGE_BYTES) {
            self.seal();
        }
    }
}
