//! The tables of the language: operators, measures, and the words around them.
//!
//! The [state](ChainState) of a chain of calls is its result so far: a flow, a join without keys, a
//! grouping. A word may be several operators. For example, `map` after `join(..).on(..)` gets two
//! records. So an operator is found by its word and by the state of the chain. Unknown words pass
//! through unchanged, because users extend `Flow` with traits.
//!
//! The properties of a word are columns of its row. Other files use these properties, and not the
//! spelling of an operator or a measure. Exceptions are `emit/covered.rs` and some messages.
//!
//! To add an operator, add a row to [`table`], and a file in `emit` if it needs a new [`Lowering`].
//! To add a measure, add a row to [`measures`]. [`sources`], [`directions`] of orders, and
//! [`macros`] that closures call have tables, too.

pub(crate) mod directions;
pub(crate) mod macros;
pub(crate) mod measures;
pub(crate) mod sources;
mod table;

use proc_macro2::Ident;

use table::OPERATORS;

/// An operator of the language.
pub(crate) struct Operator {
    /// The word that the user writes.
    pub(crate) word: &'static str,
    /// The state of the chain before the call.
    pub(crate) from: ChainState,
    /// The closures that it takes.
    pub(crate) takes: ClosureArguments,
    /// The state of the chain after the call.
    pub(crate) to: ChainState,
    /// How it is written in the builder API.
    pub(crate) lowering: Lowering,
    /// Its arguments that are not closures.
    pub(crate) values: PlainArguments,
    /// For the word that begins a join: which records without a partner are kept.
    pub(crate) join: Option<JoinKind>,
    /// For a result: whether its value is `()`.
    pub(crate) returns_unit: bool,
}

/// The result of a chain of calls so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChainState {
    /// On a flow.
    Flow,
    /// After `group_by`.
    Grouped,
    /// After `group_by(..).sorted_by(..)`.
    Sorted,
    /// After `group_by(..).window(..)`.
    Windowed,
    /// After `join`, before its keys.
    Join,
    /// After `join` with a solution set, before its key.
    SolutionJoin,
    /// After `join(..).on(..)`.
    Joined,
    /// After `semi_join` or `anti_join`, before the keys.
    KeyedFilter,
    /// After `co_group`, before its keys.
    CoGroup,
    /// After `co_group(..).on(..)`.
    CoGrouped,
    /// After a result. The chain is no longer a flow.
    Result,
}

/// The parameters of an operator's closures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ClosureArguments {
    /// No closure: only values or other flows.
    Values,
    /// One parameter that names fields. The closure runs once, while the graph is built.
    Symbols,
    /// One parameter: it names the fields of a key, or is a record from which a key is computed.
    Key,
    /// Like `Key`, for an order. Its parts may be wrapped in `asc` and `desc`.
    Order,
    /// This number of records. Runs once per record or pair.
    Records(usize),
    /// Two closures: the first gets the task and creates its state, the second gets that state and
    /// a record.
    TaskThenRecord,
    /// All records of a task, and an emitter.
    Partition,
    /// The handle of a group. Its measures are computed together.
    Handle,
    /// This number of groups, whose records are lent, and an emitter.
    Groups(usize),
    /// The flow of a loop's round. The closure is a pipeline that runs once, while the graph is
    /// built.
    LoopBody,
    /// The solution set and the flow of a round, like in [`ClosureArguments::LoopBody`]. The first
    /// workset and the key of the solution set come before.
    DeltaBody,
}

/// The arguments of an operator that are not closures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PlainArguments {
    /// The arguments of its builder method, which the compiler checks.
    Any,
    /// None.
    None,
    /// A number of records, before the closure if there is one.
    Count,
    /// The arguments of its builder method, after the closure.
    AfterClosure,
}

/// How `emit` writes an operator in the builder API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lowering {
    /// As the user wrote it.
    AsWritten,
    /// A closure over one record at a time. It is fused into one body with the operators after it.
    /// A filter on a flow stays an operator of its own, which the optimizer can move.
    Each(RecordOperation),
    /// Like [`Lowering::Each`], but the closure returns a `Result`, whose error ends the job.
    TryEach(RecordOperation),
    /// With a closure that is passed to the builder unchanged and owns its captures.
    Owning,
    /// A closure that combines two records into one.
    Reduction,
    /// A closure over the records of groups.
    GroupBody,
    /// The measures of a group.
    Aggregation,
}

/// The use of the value that a closure over a record returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RecordOperation {
    /// The value is a record.
    Map,
    /// The value is any number of records.
    FlatMap,
    /// The value is a record or none.
    FilterMap,
    /// The value decides whether the record is kept.
    Filter,
}

/// The records without a partner that a join keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JoinKind {
    /// Drops records without a partner on both sides. Also for joins that pair every record.
    Inner,
    /// Keeps the records of the left side.
    LeftOuter,
    /// Keeps the records of the right side.
    RightOuter,
    /// Keeps the records of both sides.
    FullOuter,
    /// Drops records without a partner. The right side is a solution set, which is not filtered.
    Solution,
    /// Pairs each record of the left side with the whole right side.
    Broadcast,
}

impl JoinKind {
    /// For each side, whether closures get it as an `Option`.
    pub(crate) fn optional_sides(self) -> [bool; 2] {
        match self {
            JoinKind::Inner | JoinKind::Solution | JoinKind::Broadcast => [false, false],
            JoinKind::LeftOuter => [false, true],
            JoinKind::RightOuter => [true, false],
            JoinKind::FullOuter => [true, true],
        }
    }

    /// For each side, whether a filter over the pairs may run on that side before the join. A
    /// record that it drops there has no pair that the filter would keep.
    pub(crate) fn filterable_sides(self) -> [bool; 2] {
        match self {
            JoinKind::Inner => [true, true],
            JoinKind::LeftOuter | JoinKind::Solution | JoinKind::Broadcast => [true, false],
            JoinKind::RightOuter => [false, true],
            JoinKind::FullOuter => [false, false],
        }
    }
}

impl Operator {
    /// The operation on each record. `None` if it does not process one record at a time.
    pub(crate) fn record_operation(&self) -> Option<RecordOperation> {
        match self.lowering {
            Lowering::Each(operation) | Lowering::TryEach(operation) => Some(operation),
            _ => None,
        }
    }

    /// Returns `true` if the operator processes one record at a time and its closure returns a
    /// `Result`.
    pub(crate) fn is_fallible(&self) -> bool {
        matches!(self.lowering, Lowering::TryEach(_))
    }

    /// Returns `true` if the operator has a state per task, created by its first closure.
    pub(crate) fn has_state(&self) -> bool {
        self.takes == ClosureArguments::TaskThenRecord
    }

    /// Returns `true` if the operator only keeps or drops records.
    pub(crate) fn is_predicate(&self) -> bool {
        self.record_operation() == Some(RecordOperation::Filter)
    }

    /// Like `record_operation`, but `None` for operators that may fail or have a state.
    pub(crate) fn plain_record_operation(&self) -> Option<RecordOperation> {
        self.record_operation().filter(|_| !self.is_fallible() && !self.has_state())
    }
}

/// Finds the operator of `word` for a chain in state `from`.
pub(crate) fn find(word: &Ident, from: ChainState) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| word == operator.word && operator.from == from)
}

/// The operator of a join's word if its argument is a solution set.
pub(crate) fn solution_join(word: &str) -> Option<&'static Operator> {
    table::SOLUTION_JOINS.iter().find(|operator| operator.word == word)
}

/// The filter on a flow that has no state and cannot fail.
pub(crate) fn filter_on_flow() -> Option<&'static Operator> {
    let mut on_flow = OPERATORS.iter().filter(|operator| operator.from == ChainState::Flow);
    on_flow.find(|operator| operator.plain_record_operation() == Some(RecordOperation::Filter))
}

/// Returns `true` if a word is an operator in any state.
pub(crate) fn is_known(word: &Ident) -> bool {
    OPERATORS.iter().any(|operator| word == operator.word)
}
