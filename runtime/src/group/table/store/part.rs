//! The rows of one part of a table.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::memory::Memory;
use crate::page::{OwnedRows, Page, PageMut};
use crate::row::RowLayout;

/// Rows of one part, in pages of their own.
pub(in crate::group::table) struct Part {
    pub(in crate::group::table) rows: OwnedRows,
    /// At most this number of bytes of its pages are of rows that were replaced, with what their
    /// slots point to. Zero if there is no such row.
    pub(in crate::group::table) garbage: usize,
    /// The place of a replaced row that another may take; 0 for none. The row's mark has the place
    /// of the next one.
    pub(super) free: usize,
    /// The first places of such chains that are set aside while the table is pinned.
    pub(super) held: Vec<usize>,
}

impl Part {
    pub(super) fn new(layout: &Arc<RowLayout>, memory: &Memory) -> Self {
        let rows = OwnedRows::new(layout.clone(), memory.clone());
        Part { rows, garbage: 0, free: 0, held: Vec::new() }
    }

    /// Bytes of its closed pages, and of the open one.
    pub(in crate::group::table) fn bytes(&self) -> (usize, usize) {
        (self.rows.pages().iter().map(PageMut::bytes).sum(), self.rows.writer().open_run_bytes())
    }

    /// All its pages; it is empty then.
    pub(in crate::group::table) fn take(&mut self) -> VecDeque<PageMut> {
        self.garbage = 0;
        self.forget_free();
        self.rows.take()
    }

    /// All its pages, for others to read; it is empty then.
    pub(in crate::group::table) fn freeze_all(&mut self) -> VecDeque<Page> {
        self.take().into_iter().map(PageMut::freeze).collect()
    }

    /// Lets no row take the place of another: pages leave.
    pub(super) fn forget_free(&mut self) {
        self.free = 0;
        self.held.clear();
    }

    /// Sets the free places aside while the table is pinned.
    pub(super) fn hold_free(&mut self) {
        if self.free != 0 {
            self.held.push(std::mem::take(&mut self.free));
        }
    }

    /// Its closed pages, for others to read.
    pub(super) fn take_closed(&mut self) -> VecDeque<Page> {
        self.forget_free();
        self.garbage = self.garbage.min(self.rows.writer().open_run_bytes());
        self.rows.take_collected().into_iter().map(PageMut::freeze).collect()
    }
}
