//! Semi-joins and anti-joins: left records that have a partner on the right, or none.
//!
//! Either side is built. Over a table of the right side, left rows pass as they are. Over one of the left side, right rows mark what they
//! find, and the left rows come out when all right ones have been seen.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Pairs, Selection};
use crate::plan::{Operator, Table, row_bytes, unchanged};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Strategy};

use super::join::{Build, JoinHint, Nulls, Sharing, by_hint, equal_keys, hash_strategies, on, validity};
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

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let factory = |build: usize, hinted: bool| -> Arc<dyn DriverFactory> {
            Arc::new(HashSemiJoin {
                hinted,
                matched: self.matched,
                build,
                types: self.inputs[build].types(),
                live: planning.live_inputs[build].clone(),
                keys: self.keys.clone(),
                nullable: validity(&self.inputs, &self.keys, self.nulls),
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

struct HashSemiJoin {
    /// Whether the program asked for it.
    hinted: bool,
    matched: bool,
    build: usize,
    types: Vec<LeafType>,
    live: LeafSet,
    keys: [Vec<usize>; 2],
    nullable: [Vec<usize>; 2],
    layout: Arc<RowLayout>,
}

impl DriverFactory for HashSemiJoin {
    fn name(&self) -> String {
        let (kind, side) = (if self.matched { "semi" } else { "anti" }, if self.build == 0 { "left" } else { "right" });
        format!("hash {kind} join, build {side}{}", by_hint(self.hinted))
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        (self.build == 0).then(|| self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let mut build = Build::new(self.build, &self.types, &self.live, &self.keys, &self.nullable, context)?;
        // Left rows with a null in their key have no partner, and are asked for where those are.
        build.keeps_nulls = self.build == 0 && !self.matched;
        let pairs = Pairs::default();
        Ok(match self.build {
            0 => Box::new(Marking { build, pairs, matched: self.matched, leaves: (0..self.types.len()).collect() }),
            _ => Box::new(Passing { build, pairs, matched: self.matched }),
        })
    }
}

/// Probes with left rows, and lets those pass that are asked for.
struct Passing {
    build: Build,
    pairs: Pairs,
    matched: bool,
}

impl Driver for Passing {
    fn wants(&self, port: usize) -> bool {
        self.build.wants(port)
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.add(input)?;
            return Ok(Answer::Done);
        }
        self.build.probe(input, &mut self.pairs);
        let mut rows = input.selection().clone();
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

/// Probes with right rows, which mark left ones; gives those that are asked for at the end.
struct Marking {
    build: Build,
    pairs: Pairs,
    matched: bool,
    /// The left side's leaves, which stand in front of the table's hidden one.
    leaves: Vec<usize>,
}

impl Driver for Marking {
    fn wants(&self, port: usize) -> bool {
        self.build.wants(port)
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.add(input)?;
        } else {
            self.build.probe(input, &mut self.pairs);
            self.build.table.mark(&self.pairs);
        }
        Ok(Answer::Done)
    }

    /// The cursor is the next page of the table.
    fn on_round_end(&mut self, port: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.finish()?;
            return Ok(Answer::Done);
        }
        let mut rows = Selection::default();
        while let Some(batch) = self.build.table.rows_of(*cursor, self.matched, &mut rows) {
            out.pages().append(&Input::new(&batch, &rows), Some(&self.leaves))?;
            *cursor += 1;
            if out.is_full() {
                return Ok(Answer::Resume);
            }
        }
        Ok(Answer::Done)
    }
}
