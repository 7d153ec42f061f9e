//! Splits a chain of calls into operators of the graph.
//!
//! An operator may consist of several words: `join(..).on(..).map(..)`, `group_by(..).sum(..)`. It
//! starts on a flow and ends when the chain is a flow again. Record-at-a-time operators after a
//! body are added to that body if [`fusion`] allows it.

use crate::analyse::fusion;
use crate::operators::ChainState;
use crate::syntax::Call;

/// A part of a chain.
pub(crate) enum ChainPart<'a> {
    Step(ChainStep<'a>),
    /// A call with an unknown word.
    Foreign(&'a Call),
}

/// The calls of a chain that make one operator of the graph: `join(..).on(..).map(..)`.
pub(crate) struct ChainStep<'a> {
    /// The calls before the one that does the work: `join` and `on`, `group_by`.
    pub(crate) heads: Vec<&'a Call>,
    pub(crate) work: StepWork<'a>,
}

/// The work of an operator of the graph.
pub(crate) enum StepWork<'a> {
    /// Keeps or drops records.
    Predicate(&'a Call),
    /// Makes records in one body, from the first closure to the last.
    Body(Vec<&'a Call>),
    /// Any other call.
    Single(&'a Call),
    /// Nothing: the chain ends after the heads.
    Missing,
}

impl<'a> ChainStep<'a> {
    /// All calls, in order.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &'a Call> {
        let work = match &self.work {
            StepWork::Predicate(call) | StepWork::Single(call) => std::slice::from_ref(call),
            StepWork::Body(calls) => calls.as_slice(),
            StepWork::Missing => &[],
        };
        self.heads.iter().chain(work).copied()
    }

    /// The calls whose words name the operator, without the keys of a join.
    pub(crate) fn words(&self) -> impl Iterator<Item = &'a Call> {
        self.calls().filter(|call| {
            call.operator.is_none_or(|operator| {
                !matches!(
                    operator.from,
                    ChainState::Join | ChainState::SolutionJoin | ChainState::KeyedFilter | ChainState::CoGroup
                )
            })
        })
    }
}

/// Splits a chain into its parts.
pub(crate) fn of(calls: &[Call]) -> Vec<ChainPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = calls;
    while let Some(first) = rest.first() {
        let (part, taken) = match first.operator {
            Some(_) => step(rest),
            None => (ChainPart::Foreign(first), 1),
        };
        parts.push(part);
        rest = &rest[taken..];
    }
    parts
}

/// The operator at the start of a chain, and the number of calls that it takes.
fn step(calls: &[Call]) -> (ChainPart<'_>, usize) {
    let ends =
        |call: &Call| call.operator.is_none_or(|operator| matches!(operator.to, ChainState::Flow | ChainState::Result));
    let known = calls.iter().take_while(|call| call.operator.is_some()).count();
    let (length, is_whole) = match calls[..known].iter().position(ends) {
        Some(end) => (end + 1, true),
        None => (known, false),
    };
    let (own, rest) = calls.split_at(length);
    let (stages, mut heads): (Vec<_>, Vec<_>) = own.iter().partition(|call| is_stage(call));
    let mut taken = length;
    let work = match stages.as_slice() {
        _ if !is_whole => StepWork::Missing,
        [predicate] if is_predicate_on_flow(predicate) => StepWork::Predicate(predicate),
        [] => heads.pop().map_or(StepWork::Missing, StepWork::Single),
        _ => {
            let body = fusion::extend(stages, rest);
            taken = heads.len() + body.len();
            StepWork::Body(body)
        }
    };
    (ChainPart::Step(ChainStep { heads, work }), taken)
}

fn is_stage(call: &Call) -> bool {
    call.is(|operator| operator.record_operation().is_some())
}

fn is_predicate_on_flow(call: &Call) -> bool {
    call.is(|operator| operator.is_predicate() && operator.from == ChainState::Flow)
}
