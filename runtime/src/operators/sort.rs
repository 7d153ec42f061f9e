//! Order: each task sorts its records, on disk where memory does not hold them; for a total order each task then merges one range of it.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::{PAGE_BYTES, SORT_BYTES};
use crate::page::Input;
use crate::plan::{Operator, Table, row_bytes, unchanged};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::sort::{OrderKey, Sorter, TotalOrderRendezvous, TotalOrderSorter};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, layout, order};

/// Records in order.
pub struct Sort {
    /// The records.
    pub schema: Schema,
    /// The order.
    pub order: Vec<OrderKey>,
    /// Which records it is among.
    pub within: Within,
}

/// Which records an order is among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// All records of the flow.
    Flow,
    /// Those of one task.
    Task,
}

impl Operator for Sort {
    fn name(&self) -> &'static str {
        match self.within {
            Within::Flow => "sort",
            Within::Task => "sort_partition",
        }
    }

    fn details(&self) -> String {
        order::describe(&self.schema, &self.order)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = order::leaves(&self.order);
        reads.extend_from(live);
        reads
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(unchanged(&self.schema))
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        Estimate { rows: inputs.first().map_or(0.0, |input| input.rows), row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let rows = planning.inputs[0].rows;
        let layout = layout(&self.schema, &self.reads(0, planning.live));
        let (order, tasks) = (self.order.clone(), planning.input_tasks[0]);
        let driver: Arc<dyn DriverFactory> = match (self.within, tasks) {
            (Within::Flow, 2..) => {
                Arc::new(TotalFactory { layout, order, tasks, meeting: TotalOrderRendezvous::of(tasks) })
            }
            _ => Arc::new(SortFactory { layout, order }),
        };
        vec![Strategy {
            ways: vec![Way::ship(Ship::Forward)],
            driver,
            tasks,
            streamed: 0,
            cost: rows * rows.max(2.0).log2() * HASH_SECONDS / tasks as f64,
        }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut sorted = inputs[0].clone();
        sorted.rows.sort_by(|left, right| order::compare(&self.schema, &self.order, left, right));
        Ok(sorted)
    }
}

struct SortFactory {
    layout: Arc<RowLayout>,
    order: Vec<OrderKey>,
}

impl DriverFactory for SortFactory {
    fn name(&self) -> String {
        "external sort".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn minimum_bytes(&self) -> Option<usize> {
        Some(SORT_BYTES)
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(SortDriver(Sorter::new(self.layout.clone(), self.order.clone(), context)?)))
    }
}

struct SortDriver(Sorter);

impl Driver for SortDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.0.add(input, cursor)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        match self.0.finish()? {
            Progress::Done => self.0.emit(out.pages()),
            progress => Ok(progress),
        }
    }

    fn revoke(&mut self, _: usize) -> Result<()> {
        self.0.revoke();
        Ok(())
    }

    fn settle(&mut self) -> Result<Progress> {
        self.0.settle()
    }
}

/// Sorts what each task has, and merges a range of the order in each.
struct TotalFactory {
    layout: Arc<RowLayout>,
    order: Vec<OrderKey>,
    tasks: usize,
    meeting: Arc<TotalOrderRendezvous>,
}

impl DriverFactory for TotalFactory {
    fn name(&self) -> String {
        "external sort, merge of ranges".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn orders_tasks(&self) -> bool {
        true
    }

    fn minimum_bytes(&self) -> Option<usize> {
        // A run of each task is merged at least: two pages of each, and some that are written.
        Some(SORT_BYTES.max((2 * self.tasks + 4) * PAGE_BYTES))
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let meeting = self.meeting.clone();
        Ok(Box::new(TotalDriver(TotalOrderSorter::new(self.layout.clone(), &self.order, meeting, context)?)))
    }
}

struct TotalDriver(TotalOrderSorter);

impl Driver for TotalDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.0.add(input, cursor)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.0.emit(out.pages())
    }

    fn revoke(&mut self, _: usize) -> Result<()> {
        self.0.revoke();
        Ok(())
    }

    fn settle(&mut self) -> Result<Progress> {
        self.0.settle()
    }
}
