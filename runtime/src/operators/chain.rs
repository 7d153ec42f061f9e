//! Fused runs of record-at-a-time operators: map, flat_map, filter_map and their successors.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Chain, ChainFactory, Outputs, TaskContext};
use crate::page::{Input, RowWriter};
use crate::plan::{Forwards, Operator, Reads, SizeHint, Table, unbounded_memory};
use crate::row::{HiddenLeaf, LeafSet, LeafType, RowLayout, Schema};
use crate::statistics::Relation;
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Recovery, RowOrder, Strategy, Work};

use super::common::layout;

/// Estimated number of records that a chain emits for one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expansion(pub f64);

/// Runs a kernel over each record.
#[derive(Clone)]
pub struct MapChain {
    /// The operator's word.
    pub word: &'static str,
    /// The records that it receives.
    pub input: Schema,
    /// The records that it emits.
    pub output: Schema,
    /// The kernel.
    pub chain: ChainFactory,
    /// The leaves that it reads.
    pub reads: Reads,
    /// The number of records that it emits for one.
    pub expansion: Expansion,
    /// Whether it may be called on sampled records before the run: nothing that it captures can
    /// have effects.
    pub may_run_on_sample: bool,
    /// The leaves that its records take over from the input's records.
    pub forwards: Forwards,
    /// The share of records that a filter among its closures keeps, as the program states it.
    pub selectivity: Option<f64>,
}

impl Operator for MapChain {
    fn name(&self) -> &'static str {
        self.word
    }

    fn shows_program_word(&self) -> bool {
        true
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        let mut reads = self.reads.of(&self.input);
        // Event time is copied to each record.
        self.needs_hidden().into_iter().for_each(|(time, _)| reads.insert(time));
        reads
    }

    /// In its input, event time is the leaf after the record.
    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        self.output.event_time().map(|_| (self.input.leaves().len(), HiddenLeaf::EventTime))
    }

    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        (!self.forwards.is_empty() && !self.chain.has_effects())
            .then(|| self.forwards.of(input, self.output.leaves().len()))
    }

    fn forwards(&self, input: usize) -> Option<Vec<Option<usize>>> {
        (!self.forwards.is_empty()).then(|| self.forwards.of(input, self.output.leaves().len()))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        let forwards = self.forwards.of(0, self.output.leaves().len());
        let output =
            inputs[0].chained(self.may_run_on_sample.then_some(&self.chain), &forwards, &self.output, self.expansion.0);
        match self.selectivity {
            Some(share) => output.with_rows(inputs[0].rows * share),
            None => output,
        }
    }

    fn expecting(&self, share: f64) -> Option<Arc<dyn Operator>> {
        (!self.chain.has_effects()).then(|| Arc::new(MapChain { selectivity: Some(share), ..self.clone() }) as _)
    }

    fn size_hint(&self) -> Option<SizeHint> {
        self.selectivity.map(SizeHint::Share)
    }

    fn follows_order(&self) -> bool {
        self.chain.keeps_state()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        vec![
            planning.forwarded(
                driver(&self.chain, layout(&self.output, planning.live)),
                Work::rows(planning.inputs[0].rows),
            ),
        ]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        run_over(&self.chain, &inputs[0], &self.reads(0, &LeafSet::none()), self.output.types())
    }
}

/// The driver that runs a chain in each task.
pub(super) fn driver(chain: &ChainFactory, layout: Arc<RowLayout>) -> DriverFactory {
    let (effects, chain) = (chain.has_effects(), chain.clone());
    let recovery = if chain.keeps_state() { Recovery::Lost } else { Recovery::Stateless };
    DriverFactory::new("chain", move |context| Ok(ChainDriver(chain.open(context)?)))
        .emitting(layout)
        .stopping_early(!effects)
        .recovering(recovery)
        .in_order(RowOrder::Kept)
}

/// The records that a chain emits for the records of a table. The chain reads the leaves `read`
/// only.
pub(super) fn run_over(chain: &ChainFactory, records: &Table, read: &LeafSet, types: Vec<LeafType>) -> Result<Table> {
    let mut chain = chain.open(&TaskContext::alone(unbounded_memory()))?;
    let mut output = Table::new(types);
    let mut writer = output.writer();
    records.windows(read, |input| run_whole(&mut *chain, input, &mut writer, &mut output))?;
    output.take(&mut writer);
    Ok(output)
}

/// Runs a chain to the end of a window, and moves full pages into a table.
fn run_whole(chain: &mut dyn Chain, input: &Input<'_>, writer: &mut RowWriter, output: &mut Table) -> Result<()> {
    let mut from = 0;
    while from < input.len() {
        from = chain.run(input, from, writer)?;
        output.take_sealed(writer);
    }
    Ok(())
}

struct ChainDriver(Box<dyn Chain>);

impl Driver for ChainDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        *cursor = self.0.run(input, *cursor, out.pages())?;
        Ok(if *cursor < input.len() { Progress::Yield } else { Progress::Done })
    }
}
