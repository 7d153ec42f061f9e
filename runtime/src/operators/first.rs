//! The first records that come, whichever they are: each task lets some pass, then one task decides. Who has enough stops what comes before it.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Ship, Strategy, Way};

/// Any `count` records; the first ones where the input has one task.
pub struct First {
    /// The records.
    pub schema: Schema,
    /// How many.
    pub count: usize,
}

impl Operator for First {
    fn name(&self) -> &'static str {
        "first"
    }

    fn details(&self) -> String {
        self.count.to_string()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        live.clone()
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows).min(self.count as f64);
        Estimate { rows, row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let limit: Arc<dyn DriverFactory> = Arc::new(Limit(self.count));
        let way = match planning.input_tasks[0] {
            1 => Way::ship(Ship::Forward),
            _ => planning.combined(limit.clone(), Ship::Gather),
        };
        vec![Strategy { ways: vec![way], driver: limit, tasks: 1, streamed: 0, cost: 0.0 }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let rows = inputs[0].rows.iter().take(self.count).cloned().collect();
        Ok(Table { types: inputs[0].types.clone(), rows })
    }
}

struct Limit(usize);

impl DriverFactory for Limit {
    fn name(&self) -> String {
        "limit".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        None
    }

    fn may_stop(&self) -> bool {
        true
    }

    fn create(&self, _: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(LimitDriver { left: self.0 }))
    }
}

struct LimitDriver {
    left: usize,
}

impl Driver for LimitDriver {
    fn is_satisfied(&self) -> bool {
        self.left == 0
    }

    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let mut rows = Selection::default();
        rows.set(input.selection().rows().iter().copied().take(self.left));
        self.left -= rows.len();
        out.pass(rows);
        Ok(Progress::Done)
    }
}
