//! The two sides of a join that is built, without the types of their records.

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

/// The two sides of a join, without the types of their records.
#[derive(Clone)]
pub(super) struct JoinSides {
    pub(super) nodes: [Arc<Node>; 2],
    /// The schemas of the records; a computed key may stand behind them.
    pub(super) records: [Schema; 2],
    pub(super) env: Env,
    pub(super) next: NextStep,
    /// The sides with filters that could not move there: the closure evaluates these filters.
    keeps_filters: [bool; 2],
    pub(super) hint: Option<JoinHint>,
    /// The loop whose solution set the right side is.
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
        let keeps_filters = [left.next.keeps_filters(), right.next.keeps_filters()];
        let Handle { node, env, next } = left.called_at(location);
        JoinSides { nodes: [node, right.node], records, env, next, keeps_filters, hint: None, solution_of: None }
    }

    /// The same flows, each record with its key behind it, where that is computed.
    #[inline(never)]
    pub(super) fn keyed(mut self, computations: [Option<Keyed>; 2]) -> Self {
        for (node, computation) in self.nodes.iter_mut().zip(computations) {
            *node = keyed(node, computation, &self.next);
        }
        self
    }

    /// The same, with what its closures are known to do.
    pub(super) fn completed_by(&self, step: &'static Step) -> Self {
        let next = NextStep { completed: Some(step), ..self.next.clone() };
        JoinSides { next, ..self.clone() }
    }

    /// The same, with the proof about what its closures capture.
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
        [0, 1].map(|side| match self.keeps_filters[side] {
            true => Reads::All,
            false => self.next.reads(side, &self.records[side]),
        })
    }

    /// The left flow, with the description of the join.
    pub(super) fn left(&self) -> Handle {
        Handle { node: self.nodes[0].clone(), env: self.env.clone(), next: self.next.clone() }
    }

    /// The join, compiled once for all types of records.
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
            // Each left record has one partner, and stays in its window.
            JoinKind::With => self.left().rows_of(output),
            _ => output,
        };
        // A record's own leaves stand first in its side's rows.
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
        self.left().then_with(operator, &self.nodes[1..])
    }
}
