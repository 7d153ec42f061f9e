//! Adds rows to the states of their keys, and gives the groups that they touched.

use std::sync::Arc;

use crate::error::Result;
use crate::group::{FoundRows, GroupTable, GroupUpdate, Rows, UnplacedRows};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, RowWriter, Selection, WINDOW_ROWS};
use crate::row::RowLayout;
use crate::state::StateRequest;

/// So many rows are added at once at first, until it is known how large groups are.
const FIRST_ROWS: usize = 64;

/// Rows are added, then their groups are looked up again and copied as they are by then, each once. Both happen in one call, as a later one may find that
/// a part of the table has left.
///
/// What is given of one call should not take much more than a page, as no more is kept for it. So where groups are large, fewer rows are added at once,
/// and the others are left.
pub(super) struct UpdateAndGive<U> {
    update: U,
    /// Copies of groups, as they lie in the table.
    copies: RowWriter,
    /// How many rows are added at once.
    at_once: usize,
    slice: Selection,
    added: Selection,
    left: Vec<u32>,
    found: FoundRows,
}

impl<U: GroupUpdate> UpdateAndGive<U> {
    /// For rows of states that lie like `kept`.
    pub(super) fn new(update: U, kept: Arc<RowLayout>, context: &TaskContext) -> Self {
        UpdateAndGive {
            update,
            copies: RowWriter::new(kept, context.memory.clone()),
            at_once: FIRST_ROWS,
            slice: Selection::default(),
            added: Selection::default(),
            left: Vec::new(),
            found: FoundRows::default(),
        }
    }

    /// Gives the groups of the rows that were added; how many bytes of a page these take, or more than there are where they take several.
    fn give(&mut self, table: &mut GroupTable, input: &Input<'_>, out: &mut Outputs) -> Result<usize> {
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

    /// How many rows are to be added at once, behind some that made so many bytes of groups.
    fn adapt(&mut self, rows: usize, bytes: usize) {
        if bytes > PAGE_BYTES {
            self.at_once = (rows / 2).max(1);
        } else if rows >= self.at_once && bytes < PAGE_BYTES / 2 {
            self.at_once = (self.at_once * 2).min(WINDOW_ROWS);
        }
    }
}

impl<U: GroupUpdate> StateRequest for UpdateAndGive<U> {
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
        let (now, later) = rows.split_at(self.at_once.min(rows.len()));
        self.slice.set(now.iter().copied());
        self.update.add(table, &Input::new(input.batch(), &self.slice), Rows::New, left)?;
        self.left.clear();
        self.left.extend(left.rows());
        self.left.sort_unstable();
        self.added.set(now.iter().copied().filter(|row| self.left.binary_search(row).is_err()));
        left.leave(later.iter().copied());
        let bytes = if self.added.is_empty() { 0 } else { self.give(table, input, out)? };
        self.adapt(now.len(), bytes);
        Ok(())
    }
}
