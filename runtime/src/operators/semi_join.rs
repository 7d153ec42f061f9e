//! Semi-joins and anti-joins: left records that have a partner on the right, or none.
//!
//! Either side is built. Over a table of the right side, left rows pass as they are, or are written where they come back from disk. Over one of
//! the left side, right rows mark what they find, and the left rows come out when all right ones have been seen.

use std::sync::Arc;

use crate::error::Result;
use crate::join::{BuildSide, HybridHashJoin, JoinEmitter, Pairs, ProbePhase, Side};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::JOIN_BYTES;
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table, row_bytes, unchanged};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Round, Strategy};

use super::join::{
    JoinHint, MergeJoin, Nulls, Sharing, by_hint, equal_keys, hash_strategies, merge_strategy, on, sides, validity,
};
use super::keys::check_keys;
use super::layout;

/// Keeps left records whose key is among the right records' keys, or those whose key is not.
pub struct SemiJoin {
    /// Whether the records with a partner are kept, or those without.
    pub matched: bool,
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order.
    pub keys: [Vec<usize>; 2],
    /// What nulls in keys equal.
    pub nulls: Nulls,
    /// How the program wants it to run.
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

    /// What is known of the left key holds for the right records that matter.
    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        if input == 0 {
            return Some(unchanged(&self.inputs[0]));
        }
        let mut passing = vec![None; self.inputs[0].leaves().len()];
        self.keys[0].iter().zip(&self.keys[1]).for_each(|(&left, &right)| passing[left] = Some(right));
        Some(passing)
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        // As if the right side's filters thinned the left side: half stays.
        Estimate { rows: inputs[0].rows * 0.5, row_bytes: row_bytes(&self.inputs[0], live) }
    }

    fn check(&self) -> Result<()> {
        check_keys(&self.inputs, &self.keys)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        // Left rows with a null in their key have no partner, and are asked for where those are.
        let asked = |side: usize| [side == 0, side == 0 && !self.matched];
        let sides = || sides(&self.inputs, &self.keys, self.nulls, planning, asked);
        if self.hint == Some(JoinHint::Merge) {
            return vec![merge_strategy(planning, &self.keys, |build| self.merged(build, sides(), planning))];
        }
        let factory = |build: usize, hinted: bool| -> Arc<dyn DriverFactory> {
            Arc::new(HashSemiJoin {
                hinted,
                matched: self.matched,
                build,
                sides: sides(),
                layout: layout(&self.inputs[0], planning.live),
            })
        };
        let sharing = Sharing { keys: &self.keys, shared: &|build| build == 1, builds: &[0, 1] };
        hash_strategies(planning, &sharing, self.hint, factory)
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
    fn merged(&self, build: usize, sides: [Side; 2], planning: &Planning<'_>) -> MergeJoin {
        let (matched, leaves) = (self.matched, sides[0].types.len());
        MergeJoin {
            name: if matched { "merge semi join" } else { "merge anti join" },
            sides,
            build,
            emitter: Box::new(move |_| Ok(Box::new(SemiEmitter::new(matched, leaves)))),
            layout: layout(&self.inputs[0], planning.live),
        }
    }
}

struct HashSemiJoin {
    /// Whether the program asked for it.
    hinted: bool,
    matched: bool,
    build: usize,
    sides: [Side; 2],
    layout: Arc<RowLayout>,
}

impl DriverFactory for HashSemiJoin {
    fn name(&self) -> String {
        let (kind, side) = (if self.matched { "semi" } else { "anti" }, if self.build == 0 { "left" } else { "right" });
        format!("hash {kind} join, build {side}{}", by_hint(self.hinted))
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn minimum_bytes(&self) -> Option<usize> {
        Some(JOIN_BYTES)
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(SemiJoinDriver {
            joining: HybridHashJoin::new(self.sides.clone(), self.build, true, context)?,
            emitter: SemiEmitter::new(self.matched, self.sides[0].types.len()),
        }))
    }
}

struct SemiJoinDriver {
    joining: HybridHashJoin,
    emitter: SemiEmitter,
}

impl Driver for SemiJoinDriver {
    fn wants(&self, port: usize) -> bool {
        self.joining.wants(port)
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.joining.on_batch(&mut self.emitter, port, input, cursor, out)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.joining.on_end(&mut self.emitter, out)
    }

    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.joining.revoke(bytes);
        Ok(())
    }

    fn settle(&mut self) -> Result<Progress> {
        self.joining.settle()
    }
}

/// Gives the left rows that are asked for.
struct SemiEmitter {
    matched: bool,
    pairs: Pairs,
    /// The left side's leaves, which stand in front of a table's hidden one.
    leaves: Vec<usize>,
}

impl SemiEmitter {
    /// Of left rows with so many leaves.
    fn new(matched: bool, leaves: usize) -> Self {
        SemiEmitter { matched, pairs: Pairs::default(), leaves: (0..leaves).collect() }
    }
}

impl JoinEmitter for SemiEmitter {
    fn probe(
        &mut self,
        built: &mut BuildSide,
        input: &Input<'_>,
        pass: ProbePhase,
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
        match pass {
            ProbePhase::Input => out.pass(rows),
            // Left rows never go past blocks: they are asked one by one, so blocks are made of them.
            _ => out.pages().append(&Input::new(input.batch(), &rows), Some(&self.leaves))?,
        }
        Ok(Progress::Done)
    }

    /// The cursor is the next page of the table.
    fn finish(&mut self, built: &mut BuildSide, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let mut rows = Selection::default();
        while let Some(batch) = built.table.rows_of(*cursor, self.matched, &mut rows).filter(|_| built.side == 0) {
            out.pages().append(&Input::new(&batch, &rows), Some(&self.leaves))?;
            *cursor += 1;
            if out.is_full() {
                return Ok(Progress::OutputFull);
            }
        }
        Ok(Progress::Done)
    }
}
