//! Adds rows to the states of their keys, and emits the changed groups.

use std::sync::Arc;

use crate::error::Result;
use crate::group::{FoundRows, GroupTable, GroupUpdate, Rows, UnplacedRows};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, RowWriter, Selection, WINDOW_ROWS};
use crate::row::RowLayout;
use crate::state::StateRequest;

/// The number of rows of the first call, before the size of groups is known.
const FIRST_ROWS: usize = 64;

/// Adds rows. Then it looks their groups up again, and copies each group once. Both happen in one
/// call, because a part of the table may be evicted before the next one.
///
/// The groups of one call should fit into about a page, since no more memory is reserved for them.
/// If groups are large, a call adds fewer rows and leaves the others.
pub(super) struct UpdateAndEmit<U> {
    update: U,
    /// Copies of groups, in the layout of the table.
    copies: RowWriter,
    /// The number of rows to add in the next call.
    batch_rows: usize,
    slice: Selection,
    added: Selection,
    unplaced: Vec<u32>,
    found: FoundRows,
}

impl<U: GroupUpdate> UpdateAndEmit<U> {
    /// For states with the layout `kept`.
    pub(super) fn new(update: U, kept: Arc<RowLayout>, context: &TaskContext) -> Self {
        UpdateAndEmit {
            update,
            copies: RowWriter::new(kept, context.memory.clone()),
            batch_rows: FIRST_ROWS,
            slice: Selection::default(),
            added: Selection::default(),
            unplaced: Vec::new(),
            found: FoundRows::default(),
        }
    }

    /// Emits the groups of the rows that were added. Returns the bytes that they take in a page, or
    /// `usize::MAX` if they take several pages.
    fn emit(&mut self, table: &mut GroupTable, input: &Input<'_>, out: &mut Outputs) -> Result<usize> {
        let added = Input::new(input.batch(), &self.added);
        table.find(&added, self.update.key(Rows::New), &mut self.found)?;
        table.copy_groups(self.found.groups(), &mut self.copies)?;
        let bytes =
            if self.copies.has_sealed() { usize::MAX } else { PAGE_BYTES.saturating_sub(self.copies.free_bytes()) };
        self.copies.seal();
        let pages: Vec<_> = self.copies.take_sealed().collect();
        let mut all = Selection::default();
        for page in pages {
            let page = self.update.finish(page)?;
            let mut from = 0;
            while from < page.rows() {
                from = all.fill(from..page.rows());
                out.pages().append(&Input::new(&page.batch(), &all), None)?;
            }
            self.copies.recycle(page);
        }
        Ok(bytes)
    }

    /// Sets the number of rows of the next call, after `rows` rows whose groups took `bytes`.
    fn adapt(&mut self, rows: usize, bytes: usize) {
        if bytes > PAGE_BYTES {
            self.batch_rows = (rows / 2).max(1);
        } else if rows >= self.batch_rows && bytes < PAGE_BYTES / 2 {
            self.batch_rows = (self.batch_rows * 2).min(WINDOW_ROWS);
        }
    }
}

impl<U: GroupUpdate> StateRequest for UpdateAndEmit<U> {
    fn key(&self) -> &[usize] {
        self.update.key(Rows::New)
    }

    fn run(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        out: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()> {
        let rows = input.selection().rows();
        let (now, later) = rows.split_at(self.batch_rows.min(rows.len()));
        self.slice.set(now.iter().copied());
        self.update.add(table, &Input::new(input.batch(), &self.slice), Rows::New, left)?;
        self.unplaced.clear();
        self.unplaced.extend(left.rows());
        self.unplaced.sort_unstable();
        self.added.set(now.iter().copied().filter(|row| self.unplaced.binary_search(row).is_err()));
        left.leave(later.iter().copied());
        let bytes = if self.added.is_empty() { 0 } else { self.emit(table, input, out)? };
        self.adapt(now.len(), bytes);
        Ok(())
    }
}
