//! The tables of words: what every stage has to know about the operators of the language and the measures of a group.
//!
//! The state of a chain of calls is what it has made so far: a flow, a join without keys, a grouping. The same word may mean different
//! operators in different states (`map` after `join(..).on(..)` gets two records), so an operator is found by its word *and* the chain's
//! state. Words that the table does not have pass through untouched: users extend `Flow` by traits.
//!
//! The facts about a word are columns of its row, and no other file decides by the spelling of an operator or a measure. Adding an operator is
//! one row in [`table`], and a file in `emit` if its [`Lowering`] is a new one. Adding a measure is one row in [`measures`]. The words around
//! operators have tables as well: [`sources`], [`directions`] of orders, and the [`macros`] that closures call.

pub(crate) mod directions;
pub(crate) mod macros;
pub(crate) mod measures;
pub(crate) mod sources;
mod table;

use proc_macro2::Ident;

use table::OPERATORS;

/// One operator of the language.
pub(crate) struct Operator {
    /// What the user writes.
    pub(crate) word: &'static str,
    /// The state that the chain has to be in.
    pub(crate) from: ChainState,
    /// What the operator's closures get.
    pub(crate) takes: ClosureArguments,
    /// The chain's state afterwards.
    pub(crate) to: ChainState,
    /// How the operator is written in the builder API.
    pub(crate) lowering: Lowering,
    /// The arguments of the operator that are no closures.
    pub(crate) values: PlainArguments,
    /// For the word that begins a join: what becomes of records that find no partner.
    pub(crate) join: Option<JoinKind>,
    /// For a result: whether its value is `()`.
    pub(crate) gives_nothing: bool,
}

/// What a chain of calls has made so far.
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
    /// After `join` with a solution set, before the key.
    SolutionJoin,
    /// After `join(..).on(..)`.
    Joined,
    /// After `semi_join` and its like, before the keys.
    KeyedFilter,
    /// After `co_group`, before its keys.
    CoGroup,
    /// After `co_group(..).on(..)`.
    CoGrouped,
    /// After a result: no longer a flow.
    Result,
}

/// What the closures of an operator get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ClosureArguments {
    /// No closure: plain values, or other flows.
    Values,
    /// One parameter that names fields; the closure runs once, while the graph is built.
    Symbols,
    /// One parameter that names the fields of a key, or a record that a key is computed of.
    Key,
    /// As a key, for an order: `asc` and `desc` may stand around its parts.
    Order,
    /// This many records, for each record of the flow.
    Records(usize),
    /// First a closure that gets the task and makes its state, then one that gets this state and a record.
    TaskThenRecord,
    /// All records of a task, and the emitter.
    Partition,
    /// The handle of a group, whose measures are computed together.
    Handle,
    /// This many groups, whose records are lent, and the emitter.
    Groups(usize),
    /// The flow of a loop's round. The closure is a pipeline that runs once, while the graph is built.
    LoopBody,
    /// After the first flow of rounds and the key of the solution set: the solution set and the flow of a round, as a [`ClosureArguments::LoopBody`].
    DeltaBody,
}

/// The arguments of an operator that are no closures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PlainArguments {
    /// What its builder method takes: the compiler checks that.
    Any,
    /// None.
    None,
    /// A number of records, before a closure if there is one.
    Count,
    /// Those that its builder method takes after the closure.
    AfterClosure,
}

/// How `emit` writes an operator in the builder API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lowering {
    /// As the user wrote it.
    AsWritten,
    /// A closure that looks at one record after the other. It runs in one body with what follows; a filter on a flow stays an operator of its
    /// own, which the optimizer can move.
    Each(RecordOperation),
    /// As [`Lowering::Each`], of a closure that gives a `Result`, whose error ends the job.
    TryEach(RecordOperation),
    /// With a closure that goes into the builder as it is, and owns what it captures.
    Owning,
    /// A closure that makes one record of two.
    Reduction,
    /// A closure over the records of groups.
    GroupBody,
    /// The measures of a group.
    Aggregation,
}

/// What becomes of the value that a closure over one record gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RecordOperation {
    /// It is a record.
    Map,
    /// It is any number of records.
    FlatMap,
    /// It is a record, or none.
    FilterMap,
    /// It says whether the record stays.
    Filter,
}

/// What becomes of the records of a join that find no partner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JoinKind {
    /// Records without a partner are dropped on both sides, or there are none.
    Inner,
    /// Records of the left side stay.
    LeftOuter,
    /// Records of the right side stay.
    RightOuter,
    /// Records of both sides stay.
    FullOuter,
    /// Records without a partner are dropped; the right side is a solution set, which keeps all of its own.
    Solution,
    /// Each record of the left side gets all of the right side.
    Broadcast,
}

impl JoinKind {
    /// Which sides of the pairs are `Option`s to closures.
    pub(crate) fn optional_sides(self) -> [bool; 2] {
        match self {
            JoinKind::Inner | JoinKind::Solution | JoinKind::Broadcast => [false, false],
            JoinKind::LeftOuter => [false, true],
            JoinKind::RightOuter => [true, false],
            JoinKind::FullOuter => [true, true],
        }
    }

    /// Which sides a filter over the pairs may run on instead: records that it drops there are in no pair that it would have kept.
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
    /// What the operator does in the body of a chain, if it looks at one record after the other.
    pub(crate) fn of_each_record(&self) -> Option<RecordOperation> {
        match self.lowering {
            Lowering::Each(operation) | Lowering::TryEach(operation) => Some(operation),
            _ => None,
        }
    }

    /// Whether the operator runs in the body of a chain, and its closure gives a `Result`.
    pub(crate) fn is_fallible(&self) -> bool {
        matches!(self.lowering, Lowering::TryEach(_))
    }

    /// Whether the operator keeps a state in each task, which its first closure makes.
    pub(crate) fn has_state(&self) -> bool {
        self.takes == ClosureArguments::TaskThenRecord
    }

    /// Whether the operator only keeps or drops records.
    pub(crate) fn is_predicate(&self) -> bool {
        self.of_each_record() == Some(RecordOperation::Filter)
    }

    /// What the operator does with each record, if it neither fails nor keeps a state.
    pub(crate) fn of_each_alone(&self) -> Option<RecordOperation> {
        self.of_each_record().filter(|_| !self.is_fallible() && !self.has_state())
    }
}

/// Finds the operator that `word` means to a chain in the state `from`.
pub(crate) fn find(word: &Ident, from: ChainState) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| word == operator.word && operator.from == from)
}

/// What the word of a join means where its argument is a solution set.
pub(crate) fn solution_join(word: &str) -> Option<&'static Operator> {
    table::SOLUTION_JOINS.iter().find(|operator| operator.word == word)
}

/// The filter on a flow that neither fails nor keeps a state.
pub(crate) fn filter_on_flow() -> Option<&'static Operator> {
    let mut on_flow = OPERATORS.iter().filter(|operator| operator.from == ChainState::Flow);
    on_flow.find(|operator| operator.of_each_alone() == Some(RecordOperation::Filter))
}

/// Whether a word means an operator somewhere.
pub(crate) fn is_known(word: &Ident) -> bool {
    OPERATORS.iter().any(|operator| word == operator.word)
}
