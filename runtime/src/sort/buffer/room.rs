//! The memory that rows will take, computed before they are added.

use smallvec::SmallVec;

use crate::memory::limits::PAGE_BYTES;
use crate::page::{FIRST_ROW, Input, LeafPtr, RowWriter, heap_bytes, rows_of_page, run_bytes};
use crate::row::Physical;

/// Upper bound of the bytes of new pages that a writer allocates for the rows of an input.
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
    /// Upper bound of the bytes of new pages that [`append`](RowWriter::append) allocates for the
    /// rows of an input.
    #[must_use]
    pub fn bytes_for(&self, input: &Input<'_>) -> usize {
        bytes_of_pages(self, input)
    }
}

/// Free bytes in a writer's open page.
struct OpenPage {
    /// Bytes for rows and their variable parts.
    free: usize,
    /// Bytes for variable parts only, in the later pages of a run that a long record opened.
    heap_only: usize,
}

impl OpenPage {
    fn of(writer: &RowWriter) -> Self {
        let (_, free, heap_only) = writer.open_bytes();
        OpenPage { free, heap_only }
    }

    /// Adds a row with `heap` bytes of variable parts, as the writer claims it. Returns the bytes
    /// of the run that this opens, or 0.
    fn take(&mut self, width: usize, heap: usize) -> usize {
        let mut opened = 0;
        if width + heap > self.free {
            opened = run_bytes(FIRST_ROW + width + heap);
            (self.free, self.heap_only) = (PAGE_BYTES - FIRST_ROW, opened - PAGE_BYTES);
        }
        let heap_only = heap.min(self.heap_only);
        self.heap_only -= heap_only;
        self.free = self.free.saturating_sub(width + heap - heap_only);
        opened
    }

    /// Adds rows without variable parts. Returns the bytes of pages that this opens.
    fn take_rows(&mut self, rows: usize, width: usize) -> usize {
        let in_new_pages = rows.saturating_sub(self.free / width);
        in_new_pages.div_ceil(rows_of_page(width)) * PAGE_BYTES
    }
}
