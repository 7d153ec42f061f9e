//! Runs hash joins: collects the build side, then lists the partners of each probed row.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{JoinFactory, JoinKernel, Outputs, TaskContext};
use crate::page::{Batch, Input, Pairs, Selection};
use crate::row::{LeafSet, LeafType, RowLayout};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Round};

use super::{Build, JoinKind, by_hint};

pub(super) struct HashJoin {
    pub(super) kind: JoinKind,
    pub(super) build: usize,
    /// Whether the program asked for it.
    pub(super) hinted: bool,
    pub(super) types: [Vec<LeafType>; 2],
    pub(super) live: LeafSet,
    pub(super) keys: [Vec<usize>; 2],
    pub(super) nullable: [Vec<usize>; 2],
    pub(super) kernel: JoinFactory,
    pub(super) layout: Arc<RowLayout>,
}

impl DriverFactory for HashJoin {
    fn name(&self) -> String {
        let side = if self.build == 0 { "left" } else { "right" };
        format!("{}, build {side}{}", self.kind.driver(), by_hint(self.hinted))
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let (build, probe) = (self.build, 1 - self.build);
        let mut table = Build::new(build, &self.types[build], &self.live, &self.keys, &self.nullable, context)?;
        table.keeps_nulls = self.kind.keeps(build);
        Ok(Box::new(JoinDriver {
            kind: self.kind,
            probe_types: self.types[probe].clone(),
            build: table,
            kernel: self.kernel.open(context)?,
            pairs: Pairs::new([self.kind.may_miss(probe), self.kind.may_miss(build)]),
            next: 0,
            position: 0,
            alone: (0, 0),
        }))
    }
}

struct JoinDriver {
    kind: JoinKind,
    probe_types: Vec<LeafType>,
    build: Build,
    kernel: Box<dyn JoinKernel>,
    pairs: Pairs,
    /// The input's next row to list pairs of.
    next: usize,
    /// The next pair to run.
    position: usize,
    /// The next page and row to look for built rows without a partner.
    alone: (usize, usize),
}

/// Cursor values: nothing is listed yet; pairs are being run, and there are more; the last pairs are; and then the rows without any.
const NEW: Cursor = 0;
const MORE: Cursor = 1;
const LAST: Cursor = 2;
const ALONE: Cursor = 3;

impl Driver for JoinDriver {
    fn wants(&self, port: usize) -> bool {
        self.build.wants(port)
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.add(input)?;
            return Ok(Answer::Done);
        }
        if *cursor == NEW {
            self.build.probe(input, &mut self.pairs);
            if self.kind.keeps(port) {
                self.pairs.remember_alone(input);
            }
            if self.kind.keeps(self.build.side) {
                self.build.table.mark(&self.pairs);
            }
            self.next = 0;
            self.list(input, cursor);
        }
        loop {
            if self.run(input, out)? == Answer::Resume {
                return Ok(Answer::Resume);
            }
            match *cursor {
                MORE => self.list(input, cursor),
                LAST if self.kind.keeps(port) => {
                    self.pairs.list_alone();
                    (self.position, *cursor) = (0, ALONE);
                }
                _ => return Ok(Answer::Done),
            }
        }
    }

    fn on_round_end(&mut self, port: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.finish()?;
            let found = self.build.table.len();
            if self.kind == JoinKind::With && found != 1 {
                return Err(Error::NotOneRecord { found });
            }
            return Ok(Answer::Done);
        }
        if !self.kind.keeps(self.build.side) {
            return Ok(Answer::Done);
        }
        let (nulls, nothing) = (Batch::of_nulls(&self.probe_types), Selection::default());
        let input = Input::new(&nulls, &nothing);
        if *cursor == NEW {
            (self.alone, self.position, *cursor) = ((0, 0), 0, ALONE);
            self.build.table.next_alone(&mut self.alone, &mut self.pairs);
        }
        loop {
            if self.run(&input, out)? == Answer::Resume {
                return Ok(Answer::Resume);
            }
            self.position = 0;
            if !self.build.table.next_alone(&mut self.alone, &mut self.pairs) {
                return Ok(Answer::Done);
            }
        }
    }
}

impl JoinDriver {
    /// Runs what is listed.
    fn run(&mut self, input: &Input<'_>, out: &mut Outputs) -> Result<Answer> {
        let left = self.build.side == 0;
        while self.position < self.pairs.len() {
            let pages = out.pages();
            self.position = self.kernel.run(&self.build.table, input, &self.pairs, left, self.position, pages)?;
            if out.is_full() {
                return Ok(Answer::Resume);
            }
        }
        Ok(Answer::Done)
    }

    fn list(&mut self, input: &Input<'_>, cursor: &mut Cursor) {
        let more = self.build.table.next_pairs(input, &mut self.next, &mut self.pairs);
        self.position = 0;
        *cursor = if more { MORE } else { LAST };
    }
}
