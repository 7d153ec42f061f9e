//! [`JoinSides`]: the inputs of a join while it is built, without their record types.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use runtime::join::JoinFactory;
use runtime::operators;
use runtime::operators::{JoinHint, JoinKind, Keyed, Nulls, PairOutput, SolutionJoin};
use runtime::plan::{Node, Operator, Reads};
use runtime::row::Schema;
use runtime::strategy::LoopId;

use super::Flow;
use super::handle::{Handle, keyed};
use super::hint::Hint;
use super::join_kind::Inner;
use super::step::{NextStep, Step};
use crate::env::Env;
use crate::record::Record;

/// Marks a join with its record types, mode and kind, of which it holds no values.
pub(super) type Types<L, R, M, K> = PhantomData<fn() -> (L, R, M, K)>;

/// The inputs of a join, its hint, and the description of its operator.
#[derive(Clone)]
pub(super) struct JoinSides {
    pub(super) nodes: [Arc<Node>; 2],
    /// The schemas of the records, without computed keys that follow them in the rows.
    pub(super) records: [Schema; 2],
    pub(super) env: Env,
    pub(super) next: NextStep,
    /// The sides with a filter that could not be moved there, so the closure evaluates it.
    evaluates_filters: [bool; 2],
    pub(super) hint: Option<JoinHint>,
    /// The loop whose solution set is the right side.
    solution_of: Option<LoopId>,
}

impl JoinSides {
    pub(super) fn new<L: Record, R: Record, M, N>(
        left: &Flow<L, M>,
        right: Flow<R, N>,
        location: &'static Location<'static>,
    ) -> Self {
        JoinSides::of(&left.handle, right.handle, [L::schema(), R::schema()], location)
    }

    #[inline(never)]
    fn of(left: &Handle, right: Handle, records: [Schema; 2], location: &'static Location<'static>) -> Self {
        let evaluates_filters = [left.next.evaluates_filters(), right.next.evaluates_filters()];
        let Handle { node, env, next } = left.called_at(location);
        JoinSides { nodes: [node, right.node], records, env, next, evaluates_filters, hint: None, solution_of: None }
    }

    /// Appends computed keys to the rows of the sides.
    #[inline(never)]
    pub(super) fn keyed(mut self, computations: [Option<Keyed>; 2]) -> Self {
        for (node, computation) in self.nodes.iter_mut().zip(computations) {
            *node = keyed(node, computation, &self.next);
        }
        self
    }

    /// Adds the facts about the closures that complete the join.
    pub(super) fn completed_by(&self, step: &'static Step) -> Self {
        let next = NextStep { completed: Some(step), ..self.next.clone() };
        JoinSides { next, ..self.clone() }
    }

    /// Adds the proof about values that the closures capture.
    pub(super) fn with_proof(&self, holds: bool) -> Self {
        let next = NextStep { is_proven: Some(holds), ..self.next.clone() };
        JoinSides { next, ..self.clone() }
    }

    pub(super) fn with_solution_of(self, loop_id: LoopId) -> Self {
        JoinSides { solution_of: Some(loop_id), ..self }
    }

    pub(super) fn hinted<H: Hint<Inner>>(self, _: H) -> Self {
        JoinSides { hint: Some(H::HINT), ..self }
    }

    /// The fields of each side that the next closure reads.
    pub(super) fn reads(&self) -> [Reads; 2] {
        [0, 1].map(|side| match self.evaluates_filters[side] {
            true => Reads::All,
            false => self.next.reads(side, &self.records[side]),
        })
    }

    /// The left side as a flow, with the description of the join.
    pub(super) fn left(&self) -> Handle {
        Handle { node: self.nodes[0].clone(), env: self.env.clone(), next: self.next.clone() }
    }

    /// Creates the join. Not generic, so it is compiled once for all record types.
    #[inline(never)]
    pub(super) fn joined(
        &self,
        kind: JoinKind,
        keys: [Vec<usize>; 2],
        nulls: Nulls,
        output: Schema,
        kernel: JoinFactory,
    ) -> Handle {
        let inputs = [0, 1].map(|side| self.nodes[side].schema().clone());
        let output = match kind {
            // Each left record has one partner and keeps its event time.
            JoinKind::With => self.left().rows_of(output),
            _ => output,
        };
        // The leaves of a record come first in the rows of its side.
        let forwards = self.next.forwards(&output, &[&self.records[0], &self.records[1]]);
        let (hint, reads, may_run_on_sample) =
            (self.hint, self.reads(), self.next.may_run_on_sample(kernel.captures()));
        let pair_output = if self.next.maps() { PairOutput::One } else { PairOutput::Any };
        let join = operators::Join {
            kind,
            inputs,
            keys,
            nulls,
            hint,
            output,
            kernel,
            reads,
            forwards,
            may_run_on_sample,
            pair_output,
        };
        let operator: Arc<dyn Operator> = match self.solution_of {
            None => Arc::new(join),
            Some(loop_id) => Arc::new(SolutionJoin { join, loop_id }),
        };
        self.left().append_with_inputs(operator, &self.nodes[1..])
    }
}
