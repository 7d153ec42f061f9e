//! Semi-joins and anti-joins: left records that have a partner on the right, or none.
//!
//! Either side may be built. If the right side is built, left rows pass in place, or are copied if
//! they were read from disk. If the left side is built, right rows mark their partners. After all
//! right rows, the marked or the other left rows are emitted.

use std::sync::Arc;

use crate::error::Result;
use crate::join::{BuildSide, JoinEmitter, Pairs, ProbePhase};
use crate::kernel::Outputs;
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table, unchanged};
use crate::row::{LeafSet, Schema};
use crate::statistics::Relation;
use crate::strategy::{Cursor, Planning, Progress, Strategy};

use super::common::layout;
use super::join::{
    BuildRows, BuildSideOptions, EmitterFactory, HashJoinOptions, JoinHint, JoinParts, Nulls, equal_keys,
    hash_strategies, merge_strategies, on, sides, validity,
};
use super::keys::check_keys;

/// Keeps left records whose key is among the right records' keys, or those whose key is not.
pub struct SemiJoin {
    /// Whether the records with a partner are kept, or those without.
    pub matched: bool,
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order.
    pub keys: [Vec<usize>; 2],
    /// Whether nulls in keys are equal.
    pub nulls: Nulls,
    /// The program's hint.
    pub hint: Option<JoinHint>,
}

impl Operator for SemiJoin {
    fn name(&self) -> &'static str {
        if self.matched { "semi_join" } else { "anti_join" }
    }

    fn details(&self) -> String {
        on(&self.inputs, &self.keys, self.nulls)
    }

    fn schema(&self) -> &Schema {
        &self.inputs[0]
    }

    fn reads(&self, input: usize, live: &LeafSet) -> LeafSet {
        let mut reads: LeafSet = self.keys[input].iter().copied().collect();
        if input == 0 {
            reads.extend_from(live);
        }
        reads
    }

    /// A filter on the left key also holds for the right records that have partners.
    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        if input == 0 {
            return Some(unchanged(&self.inputs[0]));
        }
        let mut passing = vec![None; self.inputs[0].leaves().len()];
        self.keys[0].iter().zip(&self.keys[1]).for_each(|(&left, &right)| passing[left] = Some(right));
        Some(passing)
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].semi_joined(&inputs[1], &self.keys, self.matched)
    }

    fn has_choice(&self) -> bool {
        self.hint != Some(JoinHint::Merge)
    }

    fn check(&self) -> Result<()> {
        check_keys(&self.inputs, &self.keys)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (kind, parts) = (if self.matched { "semi" } else { "anti" }, self.parts(planning));
        let is_merged = self.hint == Some(JoinHint::Merge);
        let merge = |build: usize| parts.merge(&format!("merge {kind} join"), build, is_merged, false);
        if is_merged {
            return merge_strategies(planning, &self.keys, &merge);
        }
        let name = format!("hash {kind} join");
        let hash = |options: HashJoinOptions| {
            // It calls no closure, so rows of closed outputs may be skipped.
            let factory = parts.hash(&name, BuildRows::Any, options).stopping_early(true);
            // In a semi-join, a left row without a partner has no result.
            let [left, right] = self.keys.clone();
            factory.filtering(options.filtered([self.matched.then_some(left), Some(right)]))
        };
        let build_options =
            BuildSideOptions { keys: &self.keys, may_broadcast: &|build| build == 1, build_sides: &[0, 1] };
        let mut strategies = hash_strategies(planning, &build_options, self.hint, &hash);
        if self.hint.is_none() {
            strategies.extend(merge_strategies(planning, &self.keys, &merge));
        }
        strategies
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let nullable = validity(&self.inputs, &self.keys, self.nulls);
        let joins =
            |left: &&Vec<_>| inputs[1].rows.iter().any(|right| equal_keys([left, right], &self.keys, &nullable));
        let rows = inputs[0].rows.iter().filter(|left| joins(left) == self.matched).cloned().collect();
        Ok(Table { types: inputs[0].types.clone(), rows })
    }
}

impl SemiJoin {
    fn parts(&self, planning: &Planning<'_>) -> JoinParts {
        // Left rows with a null in their key have no partner. An anti-join emits them.
        let keep_flags = |side: usize| [side == 0, side == 0 && !self.matched];
        let sides = sides(&self.inputs, &self.keys, self.nulls, planning, keep_flags);
        let (matched, leaves) = (self.matched, sides[0].types.len());
        let emitter: EmitterFactory = Arc::new(move |_| Ok(Box::new(SemiEmitter::new(matched, leaves))));
        JoinParts { sides, emitter, layout: layout(&self.inputs[0], planning.live), emitter_bytes: 0 }
    }
}

/// Emits the left rows that have a partner, or have none.
struct SemiEmitter {
    matched: bool,
    pairs: Pairs,
    /// The leaves of the left side. In a table, a hidden leaf follows them.
    leaves: Vec<usize>,
}

impl SemiEmitter {
    /// For left rows with this number of leaves.
    fn new(matched: bool, leaves: usize) -> Self {
        SemiEmitter { matched, pairs: Pairs::default(), leaves: (0..leaves).collect() }
    }
}

impl JoinEmitter for SemiEmitter {
    fn probe(
        &mut self,
        built: &mut BuildSide,
        input: &Input<'_>,
        phase: ProbePhase,
        _: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        built.probe(input, &mut self.pairs);
        if built.side == 0 {
            built.table.mark(&self.pairs);
            return Ok(Progress::Done);
        }
        let mut rows = input.selection().clone();
        rows.keep_positions(|position| self.pairs.matched(position) == self.matched);
        match phase {
            ProbePhase::Input => out.pass(rows),
            // Left rows of spilled partitions that are joined in blocks are always the built side,
            // because they have marks.
            _ => out.pages().append(&Input::new(input.batch(), &rows), Some(&self.leaves))?,
        }
        Ok(Progress::Done)
    }

    /// The cursor is the number of the table's next page.
    fn finish(&mut self, built: &mut BuildSide, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let mut rows = Selection::default();
        while let Some(batch) = built.table.rows_of(*cursor, self.matched, &mut rows).filter(|_| built.side == 0) {
            out.pages().append(&Input::new(&batch, &rows), Some(&self.leaves))?;
            *cursor += 1;
            if out.is_full() {
                return Ok(Progress::Yield);
            }
        }
        Ok(Progress::Done)
    }
}
