//! Closures over all records of a task. The records are held in memory until the input ends.
//!
//! The closure pulls records, while a driver receives them. Holding them first needs no second
//! stack and no thread, and lets the closure use several records at a time. Their memory is
//! reserved, and that of the emitted rows, which wait in pages until the closure is done.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::Input;
use crate::plan::{Operator, Reads, Table, unbounded_memory};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::sort::{PartitionFactory, PartitionKernel, SortBuffer};
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Round, Strategy, Work};

use super::common::layout;

/// Runs a kernel over the records of each task.
pub struct MapPartition {
    /// The input records.
    pub input: Schema,
    /// The output records.
    pub output: Schema,
    /// The kernel.
    pub whole: PartitionFactory,
    /// The leaves that it reads.
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

    fn follows_order(&self) -> bool {
        true
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (whole, kept) = (self.whole.clone(), layout(&self.input, &self.reads.of(&self.input)));
        let create = move |context: &TaskContext| {
            let kept = SortBuffer::new(kept.clone(), [], &context.memory)?;
            Ok(MapPartitionDriver { whole: whole.open(context)?, kept: Some(kept) })
        };
        let driver = DriverFactory::new("keep, then map", create).waiting_for_end();
        let driver = driver.emitting(layout(&self.output, planning.live));
        let input = planning.inputs[0];
        vec![planning.forwarded(driver, Work::rows(2.0 * input.rows).keeping(input.bytes()))]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut whole = self.whole.open(&TaskContext::alone(unbounded_memory()))?;
        let mut kept = SortBuffer::new(Arc::new(RowLayout::full(self.input.types())), [], &unbounded_memory())?;
        inputs[0].windows(&self.reads.of(&self.input), |input| kept.add(input))?;
        let mut output = Table::new(self.output.types());
        let mut writer = output.writer();
        whole.run(&kept, &mut writer)?;
        output.take(&mut writer);
        Ok(output)
    }
}

struct MapPartitionDriver {
    whole: Box<dyn PartitionKernel>,
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
