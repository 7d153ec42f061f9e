//! The first records of an order: each task keeps its own, then one task decides.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::SORT_BYTES;
use crate::page::{Input, RowWriter, Selection};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::sort::{OrderKey, Sorter};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, layout, order};

/// The `count` first records of an order, in order.
pub struct Top {
    /// The records.
    pub schema: Schema,
    /// How many.
    pub count: usize,
    /// The order.
    pub order: Vec<OrderKey>,
}

impl Operator for Top {
    fn name(&self) -> &'static str {
        "top"
    }

    fn details(&self) -> String {
        format!("{} by {}", self.count, order::describe(&self.schema, &self.order))
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = order::leaves(&self.order);
        reads.extend_from(live);
        reads
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows).min(self.count as f64);
        Estimate { rows, row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let layout = layout(&self.schema, &self.reads(0, planning.live));
        let top: Arc<dyn DriverFactory> = Arc::new(TopFactory { layout, count: self.count, order: self.order.clone() });
        let way = match planning.input_tasks[0] {
            1 => Way::ship(Ship::Forward),
            _ => planning.combined(top.clone(), Ship::Gather),
        };
        let cost = planning.inputs[0].rows * HASH_SECONDS / planning.input_tasks[0] as f64;
        vec![Strategy { ways: vec![way], driver: top, tasks: 1, streamed: 0, cost }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut sorted = inputs[0].clone();
        sorted.rows.sort_by(|left, right| order::compare(&self.schema, &self.order, left, right));
        sorted.rows.truncate(self.count);
        Ok(sorted)
    }
}

/// Keeps the first rows of an order in each task.
pub(super) struct TopFactory {
    pub(super) layout: Arc<RowLayout>,
    pub(super) count: usize,
    pub(super) order: Vec<OrderKey>,
}

impl DriverFactory for TopFactory {
    fn name(&self) -> String {
        format!("top {}", self.count)
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn minimum_bytes(&self) -> Option<usize> {
        Some(SORT_BYTES)
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(TopDriver::new(self.layout.clone(), &self.order, self.count, context)?))
    }
}

/// Keeps the first rows of an order: a multiple of these in memory, and where they do not fit, sorted runs on disk.
pub(super) struct TopDriver {
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
    pub(super) fn new(layout: Arc<RowLayout>, order: &[OrderKey], count: usize, context: &TaskContext) -> Result<Self> {
        let rows = Sorter::first_of_groups(layout.clone(), order, count, 0, context)?;
        Ok(TopDriver { rows, left: count, merged: RowWriter::new(layout, context.memory.clone()) })
    }

    /// Takes rows from the cursor on, as [`Sorter::add`].
    ///
    /// # Errors
    /// As there.
    pub(super) fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
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
        match self.rows.finish()? {
            // There are no others in memory.
            Progress::Done if self.rows.in_memory().is_some() => self.rows.emit(out.pages()),
            Progress::Done => self.emit(out.pages()),
            progress => Ok(progress),
        }
    }

    fn revoke(&mut self, _: usize) -> Result<()> {
        self.rows.revoke();
        Ok(())
    }

    fn settle(&mut self) -> Result<Progress> {
        self.rows.settle()
    }
}
