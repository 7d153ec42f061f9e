//! Closures over all records of a task: they are kept in memory until the last one is there, then the closure goes over them.
//!
//! The closure pulls records, while a driver is given them. Keeping them first needs no second stack and no thread, is bounded by
//! reservation, and lets the closure hold several records at once. What it emits waits in pages until it is done, reserved as well.
//!
//! **A closure that pulls sees rows that are kept.** `map_partition` runs when the task's last row is there: no second stack, no thread, and what it
//! may use is reserved.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::Input;
use crate::plan::{Operator, Reads, Table, row_bytes, unbounded_memory};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::sort::{SortBuffer, Whole, WholeFactory};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Round, Ship, Strategy, Way};

use super::{ROW_SECONDS, layout, windows};

/// Runs a kernel over the records of each task.
pub struct MapPartition {
    /// The records it is given.
    pub input: Schema,
    /// The records it gives.
    pub output: Schema,
    /// The kernel.
    pub whole: WholeFactory,
    /// What it reads.
    pub reads: Reads,
}

impl Operator for MapPartition {
    fn name(&self) -> &'static str {
        "map_partition"
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        self.reads.of(&self.input)
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        Estimate { rows: inputs.first().map_or(0.0, |input| input.rows), row_bytes: row_bytes(&self.output, live) }
    }

    fn follows_order(&self) -> bool {
        true
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let driver = MapPartitionFactory {
            whole: self.whole.clone(),
            kept: layout(&self.input, &self.reads.of(&self.input)),
            layout: layout(&self.output, planning.live),
        };
        vec![Strategy {
            ways: vec![Way::ship(Ship::Forward)],
            driver: Arc::new(driver),
            tasks: planning.input_tasks[0],
            streamed: 0,
            cost: 2.0 * planning.inputs[0].rows * ROW_SECONDS,
        }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut whole = self.whole.open(&TaskContext::alone(unbounded_memory()))?;
        let mut kept = SortBuffer::new(Arc::new(RowLayout::full(self.input.types())), [], &unbounded_memory())?;
        for page in inputs[0].pages(&self.reads.of(&self.input))? {
            windows(&page.batch(), |input| kept.add(input))?;
        }
        let mut output = Table::new(self.output.types());
        let mut writer = output.writer();
        whole.run(&kept, &mut writer)?;
        writer.seal();
        writer.take_sealed().for_each(|page| output.extend(&page.batch()));
        Ok(output)
    }
}

struct MapPartitionFactory {
    whole: WholeFactory,
    /// How rows are kept.
    kept: Arc<RowLayout>,
    layout: Arc<RowLayout>,
}

impl DriverFactory for MapPartitionFactory {
    fn name(&self) -> String {
        "keep, then map".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let kept = SortBuffer::new(self.kept.clone(), [], &context.memory)?;
        Ok(Box::new(MapPartitionDriver { whole: self.whole.open(context)?, kept: Some(kept) }))
    }
}

struct MapPartitionDriver {
    whole: Box<dyn Whole>,
    /// The rows, until the kernel has been over them.
    kept: Option<SortBuffer>,
}

impl Driver for MapPartitionDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.kept.iter_mut().try_for_each(|kept| kept.add(input))?;
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if let Some(kept) = self.kept.take() {
            self.whole.run(&kept, out.pages())?;
        }
        Ok(Progress::Done)
    }
}
