//! Records with a computed key after their own leaves, for operators that find records by it.
//!
//! A closure over records reads the record's leaves only. So the operators that follow ignore the
//! key, until [`Project`](super::Project) drops its leaves.

use crate::error::{Error, Result};
use crate::kernel::ChainFactory;
use crate::plan::{Operator, Reads, Table};
use crate::row::{HiddenLeaf, LeafSet, Schema};
use crate::statistics::Relation;
use crate::strategy::{Planning, Strategy, Work};

use super::chain::{driver, run_over};
use super::common::layout;

/// Computes a key of each record.
#[derive(Clone)]
pub struct Keyed {
    /// The records.
    pub input: Schema,
    /// The records, then their key.
    pub output: Schema,
    /// Emits each record once, followed by its key.
    pub chain: ChainFactory,
    /// The leaves that the key is computed from.
    pub reads: Reads,
    /// The source text of the closure; empty if it is unknown.
    pub text: &'static str,
}

impl Keyed {
    /// The same for records with event time, which then follows the key.
    #[must_use]
    pub fn timed(self) -> Self {
        Keyed { output: self.output.with_event_time(), ..self }
    }
}

impl Operator for Keyed {
    fn name(&self) -> &'static str {
        "key"
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = self.reads.of(&self.input);
        let own = self.input.leaves().len();
        live.iter().filter(|&leaf| leaf < own).for_each(|leaf| reads.insert(leaf));
        self.needs_hidden().into_iter().for_each(|(time, _)| reads.insert(time));
        reads
    }

    /// In its input, event time is the leaf after the record.
    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        self.output.event_time().map(|_| (self.input.leaves().len(), HiddenLeaf::EventTime))
    }

    fn forwards(&self, _: usize) -> Option<Vec<Option<usize>>> {
        let own = self.input.leaves().len();
        Some((0..self.output.leaves().len()).map(|leaf| (leaf < own).then_some(leaf)).collect())
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        let own = self.input.leaves().len();
        let forwards: Vec<_> = (0..self.output.leaves().len()).map(|leaf| (leaf < own).then_some(leaf)).collect();
        inputs[0].chained((!self.chain.captures()).then_some(&self.chain), &forwards, &self.output, 1.0)
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
        // The chain reads the leaves of the key only, so the other leaves are copied from the
        // records.
        let mut keyed = run_over(&self.chain, &inputs[0], &self.reads(0, &LeafSet::none()), self.output.types())?;
        if keyed.rows.len() != inputs[0].rows.len() {
            return Err(Error::Internal("a record without a key".to_owned()));
        }
        for (row, record) in keyed.rows.iter_mut().zip(&inputs[0].rows) {
            let own = record.len().min(self.input.leaves().len());
            row[..own].clone_from_slice(&record[..own]);
        }
        Ok(keyed)
    }
}
