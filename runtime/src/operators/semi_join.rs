//! Semi-joins and anti-joins: left records that have a partner on the right, or none. The right side is built; left rows pass as they
//! are.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Pairs, Selection};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Strategy};

use super::join::{Build, JoinKind, equal_keys, hash_strategies, on, validity};

/// Keeps left records whose key is among the right records' keys, or those whose key is not. A null key is among none.
pub struct SemiJoin {
    /// Whether the records with a partner are kept, or those without.
    pub matched: bool,
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order.
    pub keys: [Vec<usize>; 2],
}

impl Operator for SemiJoin {
    fn name(&self) -> &'static str {
        if self.matched { "semi_join" } else { "anti_join" }
    }

    fn details(&self) -> String {
        on(&self.inputs, &self.keys)
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

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        // As if the right side's filters thinned the left side: half stays.
        Estimate { rows: inputs[0].rows * 0.5, row_bytes: row_bytes(&self.inputs[0], live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let factory = |_: usize| -> Arc<dyn DriverFactory> {
            Arc::new(SemiJoinFactory {
                types: self.inputs[1].types(),
                live: self.keys[1].iter().copied().collect(),
                keys: self.keys.clone(),
                nullable: validity(&self.inputs, &self.keys),
                matched: self.matched,
            })
        };
        hash_strategies(planning, &self.keys, JoinKind::Inner, factory, &[1])
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let nullable = validity(&self.inputs, &self.keys);
        let joins =
            |left: &&Vec<_>| inputs[1].rows.iter().any(|right| equal_keys([left, right], &self.keys, &nullable));
        let rows = inputs[0].rows.iter().filter(|left| joins(left) == self.matched).cloned().collect();
        Ok(Table { types: inputs[0].types.clone(), rows })
    }
}

struct SemiJoinFactory {
    types: Vec<LeafType>,
    live: LeafSet,
    keys: [Vec<usize>; 2],
    nullable: [Vec<usize>; 2],
    matched: bool,
}

impl DriverFactory for SemiJoinFactory {
    fn name(&self) -> String {
        format!("hash {} join, build right", if self.matched { "semi" } else { "anti" })
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        None
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let build = Build::new(1, &self.types, &self.live, &self.keys, &self.nullable, context)?;
        Ok(Box::new(SemiJoinDriver { build, pairs: Pairs::default(), matched: self.matched }))
    }
}

struct SemiJoinDriver {
    build: Build,
    pairs: Pairs,
    matched: bool,
}

impl Driver for SemiJoinDriver {
    fn wants(&self, port: usize) -> bool {
        self.build.wants(port)
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.add(input)?;
            return Ok(Answer::Done);
        }
        self.build.probe(input, &mut self.pairs);
        let mut rows = Selection::default();
        rows.set(input.selection().rows().iter().copied());
        rows.keep_positions(|position| self.pairs.matched(position) == self.matched);
        out.pass(rows);
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, port: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.finish()?;
        }
        Ok(Answer::Done)
    }
}
