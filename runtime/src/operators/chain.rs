//! Fused runs of record-at-a-time operators: map, flat_map, filter_map and what follows them.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Chain, ChainFactory, Outputs, TaskContext};
use crate::page::{Input, RowWriter};
use crate::plan::{Forwards, Operator, Reads, Table, row_bytes, unbounded_memory};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Ship, Strategy, Way};

use super::{ROW_SECONDS, layout, windows};

/// How many records a chain gives for one, as a guess.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expansion(pub f64);

/// Runs a kernel over each record.
pub struct MapChain {
    /// The operator's word.
    pub word: &'static str,
    /// The records it is given.
    pub input: Schema,
    /// The records it gives.
    pub output: Schema,
    /// The kernel.
    pub chain: ChainFactory,
    /// What it reads.
    pub reads: Reads,
    /// How many records it gives for one.
    pub expansion: Expansion,
    /// What its records take over from those that it is given.
    pub forwards: Forwards,
}

impl Operator for MapChain {
    fn name(&self) -> &'static str {
        self.word
    }

    fn speaks_as_written(&self) -> bool {
        true
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        self.reads.of(&self.input)
    }

    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        (!self.forwards.is_empty() && !self.chain.has_effects())
            .then(|| self.forwards.of(input, self.output.leaves().len()))
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows) * self.expansion.0;
        Estimate { rows, row_bytes: row_bytes(&self.output, live) }
    }

    fn follows_order(&self) -> bool {
        self.chain.keeps_state()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        vec![strategy(&self.chain, &self.output, planning)]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        run_over(&self.chain, &inputs[0], &self.reads.of(&self.input), self.output.types())
    }
}

/// A chain where its input's rows are.
pub(super) fn strategy(chain: &ChainFactory, output: &Schema, planning: &Planning<'_>) -> Strategy {
    let driver = ChainDriverFactory { chain: chain.clone(), layout: layout(output, planning.live) };
    Strategy {
        ways: vec![Way::ship(Ship::Forward)],
        driver: Arc::new(driver),
        tasks: planning.input_tasks[0],
        streamed: 0,
        cost: planning.inputs[0].rows * ROW_SECONDS,
    }
}

/// What a chain makes of a table's records, of which it is shown these leaves.
pub(super) fn run_over(chain: &ChainFactory, records: &Table, read: &LeafSet, types: Vec<LeafType>) -> Result<Table> {
    let mut chain = chain.open(&TaskContext::alone(unbounded_memory()))?;
    let mut output = Table::new(types);
    let mut writer = output.writer();
    for page in records.pages(read)? {
        windows(&page.batch(), |input| run_whole(&mut *chain, input, &mut writer, &mut output))?;
    }
    writer.seal();
    writer.take_sealed().for_each(|page| output.extend(&page.batch()));
    Ok(output)
}

/// Runs a chain to the end of a window, moving closed pages into a table.
fn run_whole(chain: &mut dyn Chain, input: &Input<'_>, writer: &mut RowWriter, output: &mut Table) -> Result<()> {
    let mut from = 0;
    while from < input.len() {
        from = chain.run(input, from, writer)?;
        writer.take_sealed().for_each(|page| output.extend(&page.batch()));
    }
    Ok(())
}

/// Runs a chain in each task.
pub(super) struct ChainDriverFactory {
    pub(super) chain: ChainFactory,
    pub(super) layout: Arc<RowLayout>,
}

impl DriverFactory for ChainDriverFactory {
    fn name(&self) -> String {
        "chain".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn may_stop(&self) -> bool {
        !self.chain.has_effects()
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(ChainDriver(self.chain.open(context)?)))
    }
}

struct ChainDriver(Box<dyn Chain>);

impl Driver for ChainDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        *cursor = self.0.run(input, *cursor, out.pages())?;
        Ok(if *cursor < input.len() { Progress::OutputFull } else { Progress::Done })
    }
}
