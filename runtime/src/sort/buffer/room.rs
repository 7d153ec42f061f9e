//! How much memory rows will take, before they are added.

use smallvec::SmallVec;

use crate::memory::limits::PAGE_BYTES;
use crate::page::{FIRST_ROW, Input, LeafPtr, RowWriter, heap_bytes, rows_of_page, run_bytes};
use crate::row::Physical;

/// Bytes of pages that a writer will take for the rows of an input beyond those it has: at most.
pub(crate) fn bytes_of_pages(writer: &RowWriter, input: &Input<'_>) -> usize {
    let (layout, batch) = (writer.layout(), input.batch());
    let types = layout.types().iter().enumerate();
    let slots: SmallVec<[LeafPtr; 8]> = types
        .filter(|&(leaf, ty)| ty.physical() == Physical::Slot && layout.offset(leaf).is_some())
        .map(|(leaf, _)| batch.leaf(leaf))
        .filter(|leaf| leaf.ty.physical() == Physical::Slot)
        .collect();
    let mut page = OpenPage::of(writer);
    if slots.is_empty() {
        return page.take_rows(input.len(), layout.width());
    }
    let rows = input.selection().rows().iter();
    // SAFETY: an input's rows are rows of its batch.
    rows.map(|&row| page.take(layout.width(), unsafe { heap_bytes(&slots, row as usize) })).sum()
}

impl RowWriter {
    /// Bytes of pages that it would take to [append](RowWriter::append) an input, leaf for leaf, beyond those it has: at most.
    #[must_use]
    pub fn bytes_for(&self, input: &Input<'_>) -> usize {
        bytes_of_pages(self, input)
    }
}

/// What is left of a writer's open page.
struct OpenPage {
    /// For rows and their variable parts.
    free: usize,
    /// For variable parts alone: in the later pages of a long record's run.
    behind: usize,
}

impl OpenPage {
    fn of(writer: &RowWriter) -> Self {
        let (_, free, behind) = writer.open_bytes();
        OpenPage { free, behind }
    }

    /// Takes a row with so many bytes of variable parts, as the writer does that claims it; bytes of the run that it opens.
    fn take(&mut self, width: usize, heap: usize) -> usize {
        let mut opened = 0;
        if width + heap > self.free {
            opened = run_bytes(FIRST_ROW + width + heap);
            (self.free, self.behind) = (PAGE_BYTES - FIRST_ROW, opened - PAGE_BYTES);
        }
        let behind = heap.min(self.behind);
        self.behind -= behind;
        self.free = self.free.saturating_sub(width + heap - behind);
        opened
    }

    /// Takes rows without variable parts.
    fn take_rows(&mut self, rows: usize, width: usize) -> usize {
        let elsewhere = rows.saturating_sub(self.free / width);
        elsewhere.div_ceil(rows_of_page(width)) * PAGE_BYTES
    }
}
