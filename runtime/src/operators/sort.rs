//! Order: each task sorts its records in memory; for a total order all records come to one task.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, OrderKey, SortBuffer};
use crate::plan::{Operator, Table, row_bytes, unchanged};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

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
        let (ship, tasks) = match (self.within, planning.input_tasks[0]) {
            (Within::Flow, 2..) => (Ship::Gather, 1),
            (_, tasks) => (Ship::Forward, tasks),
        };
        vec![Strategy {
            ways: vec![Way::ship(ship)],
            driver: Arc::new(SortFactory { layout, order: self.order.clone() }),
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
        "sort in memory".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(SortDriver(SortBuffer::new(self.layout.clone(), self.order.clone(), &context.memory)?)))
    }
}

struct SortDriver(SortBuffer);

impl Driver for SortDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        self.0.add(input)?;
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.0.sort();
            *cursor = 1;
        }
        Ok(if self.0.emit(out.pages())? { Answer::Resume } else { Answer::Done })
    }
}
