//! The facts of an operator that the planner uses.

mod facets;
mod inner_join;

use std::sync::Arc;

use crate::error::Result;
use crate::plan::Table;
use crate::row::{HiddenLeaf, LeafSet, Schema};
use crate::statistics::Relation;
use crate::strategy::{Planning, Role, Strategy};

pub use facets::{Endpoint, FilterOperator, LoopOperator, LoopOperatorPart};
pub use inner_join::{InnerJoin, NewJoin, PairCall, PairRecord, PairRecords, RecordOf};

/// The size of an operator's output, as the program states it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SizeHint {
    /// The number of records.
    Rows(u64),
    /// The share of the input records.
    Share(f64),
}

/// An operator: facts, strategies and a reference implementation. Each is a file of `operators/`.
pub trait Operator: Send + Sync {
    /// Its word in plans: `join`.
    fn name(&self) -> &str;

    /// Returns `true` if EXPLAIN shows the program's word instead of [`Operator::name`].
    fn shows_program_word(&self) -> bool {
        false
    }

    /// The details in EXPLAIN: `orderkey = orderkey`.
    fn details(&self) -> String {
        String::new()
    }

    /// The strategy in EXPLAIN, if it has no strategies.
    fn placement(&self) -> String {
        String::new()
    }

    /// The records that it emits.
    fn schema(&self) -> &Schema;

    /// The leaves of an input that it reads if the leaves `live` of its output are read. The
    /// default is `live`, for records that pass unchanged.
    fn reads(&self, input: usize, live: &LeafSet) -> LeafSet {
        let _ = input;
        live.clone()
    }

    /// For a filter of its output that may run on an input instead, with the same result: for each
    /// leaf of the output, the leaf of that input with the same value. A filter moves if each leaf
    /// that it reads has one. `None` if no filter may move.
    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        let _ = input;
        None
    }

    /// For each leaf of the output, the leaf of an input that it copies. An output record copies
    /// the leaves of one record of that input, and is emitted in that record's task. Closures with
    /// effects copy leaves, too, but [filters](Operator::lets_filters_pass) may not move below
    /// them.
    fn forwards(&self, input: usize) -> Option<Vec<Option<usize>>> {
        self.lets_filters_pass(input)
    }

    /// The estimate of its output. The default is as many records as the first input has. The
    /// planner estimates sources and sinks itself.
    fn estimate(&self, inputs: &[Relation]) -> Relation {
        match (inputs.first(), self.forwards(0)) {
            (Some(input), Some(leaves)) => input.viewed(&leaves, self.schema()),
            (input, _) => Relation::unknown(input.map_or(0.0, |input| input.rows), self.schema()),
        }
    }

    /// The number of distinct values that it has to keep, over all groups.
    fn counted_values(&self, inputs: &[Relation]) -> f64 {
        let _ = inputs;
        0.0
    }

    /// For an operator that only selects leaves: for each leaf of the output, the leaf of the
    /// input.
    fn projects(&self) -> Option<&[usize]> {
        None
    }

    /// The same filter, with this share of its input records as the program's estimate. Returns
    /// `None` if the operator is no filter.
    fn expecting(&self, share: f64) -> Option<Arc<dyn Operator>> {
        let _ = share;
        None
    }

    /// For an operator with state in snapshots: the definition of that state, in one line. It names
    /// windows and key, and contains the text of closures. Measures are named by the leaves of the
    /// state. A state with another definition is not restored.
    fn state_definition(&self) -> Option<String> {
        None
    }

    /// The size that the program states. It is compared with the actual size after a run.
    fn size_hint(&self) -> Option<SizeHint> {
        None
    }

    /// Returns `true` if its strategy depends on the size of its input. The sources before it are
    /// then sampled.
    fn has_choice(&self) -> bool {
        false
    }

    /// The hidden leaf, with its number, that the rows of its first input must have. A plan whose
    /// rows lack it is rejected.
    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        None
    }

    /// Checks what the types of the program cannot check.
    ///
    /// # Errors
    /// [`Plan`](crate::error::Error::Plan), with the mistake and the next step.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// For an operator that holds its records of an earlier run: an empty source that replaces its
    /// input. The operator emits the records when that source ends, and the operators before it do
    /// not run again.
    fn kept_source(&self) -> Option<Arc<dyn Operator>> {
        None
    }

    /// Returns `true` if its output for a record depends on earlier records. After a total order it
    /// runs in one task, which receives all records.
    fn follows_order(&self) -> bool {
        false
    }

    /// Its facts as a filter.
    fn as_filter(&self) -> Option<&dyn FilterOperator> {
        None
    }

    /// Its facts as an inner join, if the optimizer may change its order.
    fn as_inner_join(&self) -> Option<InnerJoin<'_>> {
        None
    }

    /// Its facts as a reader or writer of outside data.
    fn as_endpoint(&self) -> Option<&dyn Endpoint> {
        None
    }

    /// Its part in a loop, if it begins or ends one, or holds rows over its rounds.
    fn as_loop(&self) -> Option<LoopOperator> {
        None
    }

    /// Returns `true` if it emits some of its rows at
    /// [`SIDE_OUTPUT`](crate::strategy::SIDE_OUTPUT). If that output has no reader, this operator
    /// is left out, and the rows of its input pass.
    fn has_side_output(&self) -> bool {
        false
    }

    /// How the executor runs it.
    fn role(&self) -> Role {
        Role::Driven
    }

    /// The alternatives to run it, for [`Role::Driven`] and [`Role::Sink`].
    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let _ = planning;
        Vec::new()
    }

    /// The reference implementation, which the embedded engine runs: plain loops over vectors.
    ///
    /// # Errors
    /// Fails if a closure of the program fails.
    fn reference(&self, inputs: &[Table]) -> Result<Table>;
}

/// Each leaf as a copy of itself: the result of [`Operator::lets_filters_pass`] for records that
/// pass unchanged.
#[must_use]
pub fn unchanged(schema: &Schema) -> Vec<Option<usize>> {
    (0..schema.leaves().len()).map(Some).collect()
}
