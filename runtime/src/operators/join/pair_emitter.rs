//! The emitter of joins: finds the partners of each probe row, and calls the closure for them.

use crate::error::Result;
use crate::join::{BuildSide, JoinEmitter, JoinFactory, JoinKernel, Pairs, ProbePhase};
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Batch, Input, Selection};
use crate::row::LeafType;
use crate::strategy::{Cursor, Progress};

use super::JoinKind;

/// Calls the closure for pairs, and for rows that are kept without a partner.
pub(super) struct PairEmitter {
    kind: JoinKind,
    types: [Vec<LeafType>; 2],
    kernel: Box<dyn JoinKernel>,
    /// By the side that is built.
    pairs: [Pairs; 2],
    /// The next row of the input whose pairs are listed.
    next: usize,
    /// The next listed pair to call the closure for.
    position: usize,
    /// The next page and row of the table that may have no partner.
    unmatched: (usize, usize),
}

/// Cursors: no pairs are listed; the listed pairs are not the last ones; they are the last ones;
/// rows without a partner are listed.
const NEW: Cursor = 0;
const MORE: Cursor = 1;
const LAST: Cursor = 2;
const ALONE: Cursor = 3;

impl JoinEmitter for PairEmitter {
    fn probe(
        &mut self,
        built: &mut BuildSide,
        input: &Input<'_>,
        phase: ProbePhase,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let keeps = self.kind.keeps(1 - built.side) && matches!(phase, ProbePhase::Input | ProbePhase::Disk);
        if *cursor == NEW {
            let pairs = &mut self.pairs[built.side];
            built.probe(input, pairs);
            if keeps {
                pairs.note_unmatched(input);
            }
            if self.kind.keeps(built.side) {
                built.table.mark(pairs);
            }
            if phase == ProbePhase::Marks {
                return Ok(Progress::Done);
            }
            self.next = 0;
            self.list(built, input, cursor);
        }
        loop {
            if self.run(built, input, out)? == Progress::Yield {
                return Ok(Progress::Yield);
            }
            match *cursor {
                MORE => self.list(built, input, cursor),
                LAST if keeps => {
                    self.pairs[built.side].list_unmatched();
                    (self.position, *cursor) = (0, ALONE);
                }
                _ => return Ok(Progress::Done),
            }
        }
    }

    fn finish(&mut self, built: &mut BuildSide, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if !self.kind.keeps(built.side) {
            return Ok(Progress::Done);
        }
        let nulls = Batch::of_nulls(&self.types[1 - built.side]);
        let nothing = Selection::default();
        let input = Input::new(&nulls, &nothing);
        if *cursor == NEW {
            (self.unmatched, self.position, *cursor) = ((0, 0), 0, ALONE);
            built.table.next_unmatched(&mut self.unmatched, &mut self.pairs[built.side]);
        }
        loop {
            if self.run(built, &input, out)? == Progress::Yield {
                return Ok(Progress::Yield);
            }
            self.position = 0;
            if !built.table.next_unmatched(&mut self.unmatched, &mut self.pairs[built.side]) {
                return Ok(Progress::Done);
            }
        }
    }
}

impl PairEmitter {
    /// For sides with these leaves.
    pub(super) fn new(
        kind: JoinKind,
        types: [Vec<LeafType>; 2],
        kernel: &JoinFactory,
        context: &TaskContext,
    ) -> Result<Self> {
        let pairs = [0, 1].map(|built| Pairs::new([kind.may_miss(1 - built), kind.may_miss(built)]));
        Ok(PairEmitter { kind, types, kernel: kernel.open(context)?, pairs, next: 0, position: 0, unmatched: (0, 0) })
    }

    /// Calls the closure for the listed pairs.
    fn run(&mut self, built: &BuildSide, input: &Input<'_>, out: &mut Outputs) -> Result<Progress> {
        let (left, pairs) = (built.side == 0, &self.pairs[built.side]);
        let pairs = built.probed_table().row_pairs(input, pairs, left);
        while self.position < pairs.len() {
            self.position = self.kernel.run(&pairs, self.position, out.pages())?;
            if out.is_full() {
                return Ok(Progress::Yield);
            }
        }
        Ok(Progress::Done)
    }

    fn list(&mut self, built: &BuildSide, input: &Input<'_>, cursor: &mut Cursor) {
        let more = built.probed_table().next_pairs(input, &mut self.next, &mut self.pairs[built.side]);
        self.position = 0;
        *cursor = if more { MORE } else { LAST };
    }
}
