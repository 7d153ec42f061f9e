//! Filters: rows are dropped in place, by a selection.

use crate::error::Result;
use crate::kernel::{PredicateFactory, TaskContext};
use crate::page::Selection;
use crate::plan::{Operator, Reads, Table, row_bytes, unbounded_memory};
use crate::row::{LeafSet, Schema};
use crate::source::{Bound, Comparison};
use crate::strategy::{Estimate, Role};

/// Keeps the records for which a predicate holds.
pub struct Filter {
    /// The records.
    pub schema: Schema,
    /// The predicate.
    pub predicate: PredicateFactory,
    /// What it reads.
    pub reads: Reads,
    /// What it implies, for source statistics.
    pub bounds: Vec<Bound>,
}

impl Operator for Filter {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = self.reads.of(&self.schema);
        reads.extend_from(live);
        reads
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        // Guesses, until values are sampled: what is equal to a constant is rare, what lies on one side of it is half.
        let share = |bound: &Bound| if bound.comparison == Comparison::Equal { 0.1 } else { 0.5 };
        let selectivity = if self.bounds.is_empty() { 0.5 } else { self.bounds.iter().map(share).product() };
        let rows = inputs.first().map_or(0.0, |input| input.rows) * selectivity;
        Estimate { rows, row_bytes: row_bytes(&self.schema, live) }
    }

    fn role(&self) -> Role {
        Role::Filter(self.predicate.clone(), self.bounds.clone())
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut kept = Table::new(self.schema.types());
        let context = TaskContext::alone(unbounded_memory());
        let mut predicate = self.predicate.open(&context)?;
        let mut first = 0;
        // Pages show the predicate what it may read; the records that stay are the originals.
        for page in inputs[0].pages(&self.reads.of(&self.schema))? {
            let (batch, mut selection) = (page.batch(), Selection::default());
            selection.set(0..batch.rows() as u32);
            predicate.select(&batch, &mut selection)?;
            kept.rows.extend(selection.rows().iter().map(|&row| inputs[0].rows[first + row as usize].clone()));
            first += batch.rows();
        }
        Ok(kept)
    }
}
