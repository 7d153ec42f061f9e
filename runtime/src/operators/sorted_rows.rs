//! A driver that sorts rows: all rows of a task, or the first ones.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::SORT_BYTES;
use crate::page::{Input, RowWriter, Selection};
use crate::row::RowLayout;
use crate::sort::{OrderKey, Sorter};
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Revocable, Round, ready};

/// Keeps the first rows of an order in each task.
pub(super) fn first(layout: Arc<RowLayout>, count: usize, order: Vec<OrderKey>) -> DriverFactory {
    let rows = layout.clone();
    let create = move |context: &TaskContext| SortedRows::first(rows.clone(), &order, count, context);
    DriverFactory::new(format!("top {count}"), create).waiting_for_end().emitting(layout).spilling_beyond(SORT_BYTES)
}

/// Sorts rows in memory, or in runs on disk if they do not fit.
pub(super) struct SortedRows {
    rows: Sorter,
    /// Emits the first rows only. The sorter may hold more of them.
    first_rows: Option<FirstRows>,
}

/// Emits the first rows of runs on disk.
struct FirstRows {
    /// Number of rows that are still to be emitted.
    remaining: usize,
    /// Receives the merged rows.
    merged: RowWriter,
}

impl SortedRows {
    /// Emits all rows.
    ///
    /// # Errors
    /// As [`Sorter::new`].
    pub(super) fn all(layout: Arc<RowLayout>, order: &[OrderKey], context: &TaskContext) -> Result<Self> {
        Ok(SortedRows { rows: Sorter::new(layout, order, context)?, first_rows: None })
    }

    /// Emits the first `count` rows.
    ///
    /// # Errors
    /// As [`Sorter::new`].
    pub(super) fn first(
        layout: Arc<RowLayout>,
        order: &[OrderKey],
        count: usize,
        context: &TaskContext,
    ) -> Result<Self> {
        let rows = Sorter::first_of_groups(layout.clone(), order, count, 0, context)?;
        let merged = RowWriter::new(layout, context.memory.clone());
        Ok(SortedRows { rows, first_rows: Some(FirstRows { remaining: count, merged }) })
    }

    /// Adds rows from the cursor on, as [`Sorter::add`].
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub(super) fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        self.rows.add(input, cursor)
    }
}

impl FirstRows {
    /// Emits the next rows, up to `remaining`.
    fn emit(&mut self, rows: &mut Sorter, out: &mut RowWriter) -> Result<Progress> {
        let progress = rows.emit(&mut self.merged)?;
        if progress == Progress::Done {
            self.merged.seal();
        }
        for page in self.merged.take_sealed() {
            if page.rows() <= self.remaining {
                self.remaining -= page.rows();
                out.adopt(page);
            } else {
                let mut first = Selection::default();
                first.set(0..self.remaining as u32);
                out.append(&Input::new(&page.batch(), &first), None)?;
                self.remaining = 0;
            }
        }
        if self.remaining == 0 {
            rows.clear();
            return Ok(Progress::Done);
        }
        Ok(progress)
    }
}

impl Driver for SortedRows {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.add(input, cursor)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        ready!(self.rows.finish()?);
        match &mut self.first_rows {
            // In memory, the sorter holds the first rows only.
            Some(first_rows) if self.rows.in_memory().is_none() => first_rows.emit(&mut self.rows, out.pages()),
            _ => self.rows.emit(out.pages()),
        }
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for SortedRows {
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.rows.revoke();
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.rows.continue_revoking()
    }
}
