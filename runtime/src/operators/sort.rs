//! Order: each task sorts its records, on disk where memory does not hold them; for a total order each task then merges one range of it.

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::{PAGE_BYTES, SORT_BYTES};
use crate::page::Input;
use crate::plan::{Operator, Table, unchanged};
use crate::row::{LeafSet, Schema};
use crate::sort::{OrderKey, TotalOrderRendezvous, TotalOrderSorter};
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Round, Strategy, Work};

use super::common::layout;
use super::order;
use super::sorted_rows::SortedRows;

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

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let input = planning.inputs[0];
        let layout = layout(&self.schema, &self.reads(0, planning.live));
        let (rows_of, order, tasks) = (layout.clone(), self.order.clone(), planning.input_tasks());
        let driver = match (self.within, tasks) {
            (Within::Flow, 2..) => {
                let sorter = move |context: &TaskContext| {
                    let meeting = context.shared(|| TotalOrderRendezvous::of(context.subtasks));
                    Ok(TotalDriver(TotalOrderSorter::new(rows_of.clone(), &order, meeting, context)?))
                };
                // A run of each task is merged at least: two pages of each, and some that are written.
                let minimum_bytes = SORT_BYTES.max((2 * tasks + 4) * PAGE_BYTES);
                let factory = DriverFactory::new("external sort, merge of ranges", sorter).ordering_tasks();
                factory.spilling_beyond(minimum_bytes)
            }
            _ => {
                let sorter = move |context: &TaskContext| SortedRows::all(rows_of.clone(), &order, context);
                DriverFactory::new("external sort", sorter).spilling_beyond(SORT_BYTES)
            }
        };
        vec![planning.forwarded(driver.emitting(layout), Work::sort(input.rows).keeping(input.bytes()))]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut sorted = inputs[0].clone();
        sorted.rows.sort_by(|left, right| order::compare(&self.schema, &self.order, left, right));
        Ok(sorted)
    }
}

/// Sorts what each task has, and merges a range of the order in each.
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
