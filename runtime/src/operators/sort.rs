//! Sorts the records of each task, on disk if they do not fit into memory. For a total order, each
//! task then merges one range.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::{INDEX_BYTES, PAGE_BYTES, SORT_BYTES};
use crate::page::Input;
use crate::plan::{Operator, Table, unchanged};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::sort::{OrderKey, TotalOrderRendezvous, TotalOrderSorter};
use crate::strategy::{
    Cursor, Driver, DriverFactory, InputEdge, Planning, Progress, Revocable, Round, RowOrder, Ship, Strategy, Work,
};

use super::common::layout;
use super::order;
use super::sorted_rows::SortedRows;

/// Records in order.
pub struct Sort {
    /// The records.
    pub schema: Schema,
    /// The order.
    pub order: Vec<OrderKey>,
    /// The records that are sorted together.
    pub within: Within,
}

/// The records that are sorted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// All records of the flow.
    Flow,
    /// The records of one task.
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
        let (input, tasks) = (planning.inputs[0], planning.input_tasks());
        let layout = layout(&self.schema, &self.reads(0, planning.live));
        let by = |ship| InputEdge::sorted_by(ship, &self.order);
        let in_task = planning.sort(0, &self.order).keeping(input.bytes());
        if self.within == Within::Task || tasks == 1 {
            return vec![planning.of_one(by(Ship::Forward), self.task_driver(layout), tasks, in_task)];
        }
        // The merge of the tasks' sorted runs.
        let merged = Work { comparisons: input.rows * (tasks as f64).log2(), ..Work::rows(input.rows) };
        let in_one = Work::sort(input.rows).keeping(input.bytes());
        vec![
            planning.of_one(by(Ship::Forward), self.range_driver(layout.clone(), tasks), tasks, in_task + merged),
            planning.of_one(by(Ship::Gather), self.task_driver(layout), 1, in_one),
        ]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut sorted = inputs[0].clone();
        sorted.rows.sort_by(|left, right| order::compare(&self.schema, &self.order, left, right));
        Ok(sorted)
    }
}

impl Sort {
    /// Sorts the rows of one task.
    fn task_driver(&self, layout: Arc<RowLayout>) -> DriverFactory {
        let (rows_of, order) = (layout.clone(), self.order.clone());
        let sorter = move |context: &TaskContext| SortedRows::all(rows_of.clone(), &order, context);
        DriverFactory::new("external sort", sorter)
            .waiting_for_end()
            .spilling_beyond(SORT_BYTES)
            .in_order(self.row_order())
            .emitting(layout)
    }

    /// Sorts the rows of all tasks. Each task emits a range of the order.
    fn range_driver(&self, layout: Arc<RowLayout>, tasks: usize) -> DriverFactory {
        let (rows_of, order) = (layout.clone(), self.order.clone());
        let sorter = move |context: &TaskContext| {
            let rendezvous = context.process_local(|| TotalOrderRendezvous::of(context.local_tasks.len()));
            Ok(TotalOrderDriver(TotalOrderSorter::new(rows_of.clone(), &order, rendezvous, context)?))
        };
        // At least one run of each task is merged: two pages of each, and some that are written.
        let minimum_bytes = SORT_BYTES.max((2 * tasks + 4) * PAGE_BYTES) + INDEX_BYTES;
        let factory = DriverFactory::new("external sort, merge of ranges", sorter).ordering_tasks().waiting_for_end();
        factory.spilling_beyond(minimum_bytes).in_order(self.row_order()).emitting(layout)
    }

    fn row_order(&self) -> RowOrder {
        RowOrder::Of(self.order.as_slice().into())
    }
}

/// Sorts the rows of its task, and merges a range of the rows of all tasks.
struct TotalOrderDriver(TotalOrderSorter);

impl Driver for TotalOrderDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.0.add(input, cursor)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.0.emit(out.pages())
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for TotalOrderDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.0.revoke();
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.0.continue_revoking()
    }
}
