//! The first records of an order: each task keeps its own, then one task decides.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, OrderKey, SortBuffer};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

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

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let kept = SortBuffer::new(self.layout.clone(), self.order.clone(), &context.memory)?;
        Ok(Box::new(TopDriver::new(kept, self.count)))
    }
}

/// Keeps the first rows of an order.
pub(super) struct TopDriver {
    kept: SortBuffer,
    count: usize,
}

impl TopDriver {
    pub(super) fn new(kept: SortBuffer, count: usize) -> Self {
        TopDriver { kept, count }
    }

    /// Adds rows. Sorting away the rest now and then costs a constant per row, and keeps memory at a multiple of the result.
    pub(super) fn add(&mut self, input: &Input<'_>) -> Result<()> {
        self.kept.add(input)?;
        if self.kept.len() > self.count.saturating_mul(4).max(16 << 10) {
            self.kept.keep_first(self.count)?;
        }
        Ok(())
    }
}

impl Driver for TopDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        self.add(input)?;
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.kept.keep_first(self.count)?;
            *cursor = 1;
        }
        Ok(if self.kept.emit(out.pages())? { Answer::Resume } else { Answer::Done })
    }
}
