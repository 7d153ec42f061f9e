//! Rows that their writer keeps and goes on to write.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::batch::{Batch, Input};
use crate::page::copy::LeafCopy;
use crate::page::sealed::PageMut;
use crate::row::RowLayout;

use super::RowWriter;

/// Rows of one owner, which may write them in place. They are in an open page and in closed pages.
pub(crate) struct OwnedRows {
    /// It receives no pages and has no overflow, so it has the only handles on the pages that it
    /// closes.
    writer: RowWriter,
    /// Oldest first.
    pages: VecDeque<PageMut>,
}

impl OwnedRows {
    pub(crate) fn new(layout: Arc<RowLayout>, memory: Memory) -> Self {
        OwnedRows { writer: RowWriter::new(layout, memory), pages: VecDeque::new() }
    }

    /// The writer of the open page.
    #[inline(always)]
    pub(crate) fn writer(&self) -> &RowWriter {
        &self.writer
    }

    /// The collected closed pages, oldest first.
    pub(crate) fn pages(&self) -> &VecDeque<PageMut> {
        &self.pages
    }

    /// As [`RowWriter::claim`].
    #[inline(always)]
    pub(crate) fn claim(&mut self, heap: usize) -> Option<usize> {
        self.writer.claim(heap)
    }

    /// As [`RowWriter::check`].
    pub(crate) fn check(&mut self) -> Result<()> {
        self.writer.check()
    }

    /// As [`RowWriter::append`].
    pub(crate) fn append(&mut self, input: &Input<'_>, leaves: Option<&[usize]>) -> Result<()> {
        self.writer.append(input, leaves)
    }

    /// As [`RowWriter::append_rows`], with leaf `i` from leaf `i`.
    ///
    /// # Safety
    /// `rows` are rows of `batch`.
    pub(crate) unsafe fn append_rows(
        &mut self,
        batch: &Batch<'_>,
        rows: &[usize],
        placed: impl FnMut(usize, usize),
    ) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { self.writer.append_rows(batch, None, rows, placed) }
    }

    /// As [`RowWriter::copy_leaves`].
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn copy_leaves(&mut self, parts: &[LeafCopy], rows: &[usize], places: &[usize]) {
        // SAFETY: the caller's promise.
        unsafe { self.writer.copy_leaves(parts, rows, places) }
    }

    /// Closes the open page, unless it is empty.
    pub(crate) fn seal(&mut self) {
        self.writer.seal();
    }

    /// Collects the pages that the writer has closed. Returns their bytes.
    pub(crate) fn collect(&mut self) -> usize {
        let closed = self.writer.sealed.drain(..).map(PageMut::of_writer);
        let mut bytes = 0;
        self.pages.extend(closed.inspect(|page| bytes += page.bytes()));
        bytes
    }

    /// Adds a page of the same layout to the collected ones.
    pub(crate) fn adopt(&mut self, page: PageMut) {
        self.pages.push_back(page);
    }

    /// Removes the oldest collected page.
    pub(crate) fn pop_page(&mut self) -> Option<PageMut> {
        self.pages.pop_front()
    }

    /// Removes all collected pages.
    pub(crate) fn take_collected(&mut self) -> VecDeque<PageMut> {
        std::mem::take(&mut self.pages)
    }

    /// Removes all pages, including the open one. No rows are left.
    pub(crate) fn take(&mut self) -> VecDeque<PageMut> {
        self.seal();
        self.collect();
        self.take_collected()
    }
}
