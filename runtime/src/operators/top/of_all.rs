//! The first records of all, in order.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::SORT_BYTES;
use crate::page::{Input, RowWriter, Selection};
use crate::row::RowLayout;
use crate::sort::{OrderKey, Sorter};
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Round, ready};

/// Keeps the first rows of an order in each task.
pub(in crate::operators) fn driver(layout: Arc<RowLayout>, count: usize, order: Vec<OrderKey>) -> DriverFactory {
    let rows = layout.clone();
    DriverFactory::new(format!("top {count}"), move |context| TopDriver::new(rows.clone(), &order, count, context))
        .emitting(layout)
        .spilling_beyond(SORT_BYTES)
}

/// Keeps the first rows of an order: a multiple of these in memory, and where they do not fit, sorted runs on disk.
pub(in crate::operators) struct TopDriver {
    rows: Sorter,
    /// Rows that are still to be given.
    left: usize,
    /// Where runs are merged to.
    merged: RowWriter,
}

impl TopDriver {
    /// For the first `count` rows.
    ///
    /// # Errors
    /// As [`Sorter::new`].
    pub(in crate::operators) fn new(
        layout: Arc<RowLayout>,
        order: &[OrderKey],
        count: usize,
        context: &TaskContext,
    ) -> Result<Self> {
        let rows = Sorter::first_of_groups(layout.clone(), order, count, 0, context)?;
        Ok(TopDriver { rows, left: count, merged: RowWriter::new(layout, context.memory.clone()) })
    }

    /// Takes rows from the cursor on, as [`Sorter::add`].
    ///
    /// # Errors
    /// As there.
    pub(in crate::operators) fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        self.rows.add(input, cursor)
    }

    /// Gives the next rows, of which the last ones are cut off.
    fn emit(&mut self, out: &mut RowWriter) -> Result<Progress> {
        let progress = self.rows.emit(&mut self.merged)?;
        if progress == Progress::Done {
            self.merged.seal();
        }
        for page in self.merged.take_sealed() {
            if page.rows() <= self.left {
                self.left -= page.rows();
                out.adopt(page);
            } else {
                let mut first = Selection::default();
                first.set(0..self.left as u32);
                out.append(&Input::new(&page.batch(), &first), None)?;
                self.left = 0;
            }
        }
        if self.left == 0 {
            self.rows.clear();
            return Ok(Progress::Done);
        }
        Ok(progress)
    }
}

impl Driver for TopDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.add(input, cursor)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        ready!(self.rows.finish()?);
        // There are no others in memory.
        if self.rows.in_memory().is_some() { self.rows.emit(out.pages()) } else { self.emit(out.pages()) }
    }

    fn revoke(&mut self, _: usize) -> Result<()> {
        self.rows.revoke();
        Ok(())
    }

    fn settle(&mut self) -> Result<Progress> {
        self.rows.settle()
    }
}
