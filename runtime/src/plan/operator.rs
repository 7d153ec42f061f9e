//! What the planner asks an operator.

use std::sync::Arc;

use crate::error::Result;
use crate::output::{Claim, EpochSink};
use crate::plan::{InnerJoin, NewJoin, Table};
use crate::row::{HiddenLeaf, LeafSet, Schema};
use crate::source::ColumnFit;
use crate::statistics::Relation;
use crate::strategy::{Planning, Role, Strategy};

/// What a program says of how much an operator gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SizeHint {
    /// So many records.
    Rows(u64),
    /// This share of the records that it is given.
    Share(f64),
}

/// An operator's facts, strategies and meaning. One file of `operators/` each.
pub trait Operator: Send + Sync {
    /// Its word: `join`.
    fn name(&self) -> &'static str;

    /// Whether the user's word says more than [`Operator::name`].
    fn speaks_as_written(&self) -> bool {
        false
    }

    /// For EXPLAIN: `orderkey = orderkey`.
    fn details(&self) -> String {
        String::new()
    }

    /// For EXPLAIN: how it runs, where no strategy says so.
    fn placement(&self) -> String {
        String::new()
    }

    /// The records it gives.
    fn schema(&self) -> &Schema;

    /// The leaves of an input that it needs, where somebody reads `live` of its output. The same, where it does not say: records pass whole.
    fn reads(&self, input: usize, live: &LeafSet) -> LeafSet {
        let _ = input;
        live.clone()
    }

    /// Whether a filter on its output may run on an input instead, and gives the same records in the end: then, for each leaf of the output,
    /// the leaf of that input with the same value, as far as there is one. A filter moves if all that it reads has one.
    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        let _ = input;
        None
    }

    /// For each leaf of the output, the leaf of an input that it is a copy of, as far as there is one: each record that is given has it of a record of that input, and is
    /// given in the task that had that. What may be more than [filters](Operator::lets_filters_pass) may use: a closure with effects copies, too.
    fn forwards(&self, input: usize) -> Option<Vec<Option<usize>>> {
        self.lets_filters_pass(input)
    }

    /// For a filter that may move: the same filter of other records, those of `to`, in which the leaf `i` that it knows is `leaves[i]`. `below`
    /// is the word of the operator that it then stands below.
    fn moved(&self, to: &Schema, leaves: &[Option<usize>], below: &str) -> Option<Arc<dyn Operator>> {
        let _ = (to, leaves, below);
        None
    }
    /// What it is expected to give: as many records as its first input, where it does not say. Those of sources and sinks are known without it.
    fn estimate(&self, inputs: &[Relation]) -> Relation {
        match (inputs.first(), self.forwards(0)) {
            (Some(input), Some(leaves)) => input.viewed(&leaves, self.schema()),
            (input, _) => Relation::unknown(input.map_or(0.0, |input| input.rows), self.schema()),
        }
    }

    /// How many different values it counts, of all groups together: those that it must remember one by one.
    fn counted_values(&self, inputs: &[Relation]) -> f64 {
        let _ = inputs;
        0.0
    }

    /// For an inner join that may be made in another order: what it joins by, and what its closure is.
    fn inner_join(&self) -> Option<InnerJoin<'_>> {
        None
    }

    /// For what answers [`Operator::inner_join`]: another join.
    fn joined_otherwise(&self, join: NewJoin) -> Option<Arc<dyn Operator>> {
        let _ = join;
        None
    }

    /// Where it gives the records that it is given with other leaves, and means no more than that: for each leaf the one that it is.
    fn projects(&self) -> Option<&[usize]> {
        None
    }

    /// The same operator, of which the program says that it keeps this share of the records that it is given; none where it is no filter.
    fn expecting(&self, share: f64) -> Option<Arc<dyn Operator>> {
        let _ = share;
        None
    }

    /// For an operator with state in snapshots: the meaning of that state, in one line. State of another meaning is not restored. It names windows, key, and measures
    /// with their fields; closures stand in it as the program writes them.
    fn state_definition(&self) -> Option<String> {
        None
    }

    /// What the program says of how much it gives: it is held against what came.
    fn size_hint(&self) -> Option<SizeHint> {
        None
    }

    /// Whether how it runs depends on how much it is given: then what it is given is looked at closely.
    fn has_choice(&self) -> bool {
        false
    }

    /// The hidden leaf that it needs in the rows of its first input, and where. A plan whose rows lack it is rejected.
    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        None
    }

    /// What only the whole graph can know to be wrong.
    ///
    /// # Errors
    /// A sentence in the user's words.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// How its records' fields and the columns of its files fit, for what reads or writes some.
    fn columns(&self) -> Vec<ColumnFit> {
        Vec::new()
    }

    /// Where it writes outside of the program: no two operators of a run may write to one place.
    fn claim(&self) -> Option<Claim> {
        None
    }

    /// Called once before the first task starts; a sink makes room for its output, a lenient source for bad records.
    ///
    /// # Errors
    /// Where the output cannot be made.
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Whether nobody sees any more what it still writes: where that is true of all sinks, the job may end early.
    fn is_abandoned(&self) -> bool {
        false
    }

    /// Called once after the last task ended: a sink gives its output its name, or removes what there is of it.
    ///
    /// # Errors
    /// Where the output cannot get its name.
    fn finish(&self, success: bool) -> Result<()> {
        let _ = success;
        Ok(())
    }

    /// The same sink where snapshots are taken: what it writes becomes visible epoch by epoch. None where it cannot do that.
    fn by_epochs(&self) -> Option<Arc<dyn Operator>> {
        None
    }

    /// What becomes visible epoch by epoch, for a sink that was [made so](Operator::by_epochs).
    fn epochs(&self) -> Option<&dyn EpochSink> {
        None
    }

    /// Bad records that it left out in the last run.
    fn rejected_rows(&self) -> u64 {
        0
    }

    /// Where its records are there from a run before: a source without records, to stand in the place of its input. The operator then gives the
    /// records when that ends, and what they were made of is not run again.
    fn begins_here(&self) -> Option<Arc<dyn Operator>> {
        None
    }

    /// Whether what it gives for a record depends on the records before: behind a total order it runs in one task, which sees all of it.
    fn follows_order(&self) -> bool {
        false
    }

    /// For the beginning of a loop: what gives records from outside of it in each of its rounds.
    fn replay(&self, schema: &Schema) -> Option<Arc<dyn Operator>> {
        let _ = schema;
        None
    }

    /// What it is to the executor.
    fn role(&self) -> Role {
        Role::Drive
    }

    /// Ways to run it, for [`Role::Drive`].
    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let _ = planning;
        Vec::new()
    }

    /// What it means: the embedded engine's whole knowledge. Plain loops over plain vectors, no cleverness.
    ///
    /// # Errors
    /// What the user's closures give.
    fn reference(&self, inputs: &[Table]) -> Result<Table>;
}

/// All leaves, each at its own place: what [`Operator::lets_filters_pass`] answers for records that pass whole.
#[must_use]
pub fn unchanged(schema: &Schema) -> Vec<Option<usize>> {
    (0..schema.leaves().len()).map(Some).collect()
}
