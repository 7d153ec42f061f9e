//! Where a loop begins.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::SPOOL_BYTES;
use crate::page::Input;
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::spill::Read;
use crate::strategy::{Cursor, Driver, DriverFactory, Feed, LoopId, Planning, Progress, Role, Round, Strategy, ready};
use crate::stream::Control;

use super::super::common::{ROW_SECONDS, layout};
use super::super::queued_rows::QueuedRows;
use super::replay::Replay;

/// Gives a loop's body the rows of each round.
pub struct LoopBegin {
    /// The records.
    pub schema: Schema,
    /// The loop.
    pub loop_id: LoopId,
    /// Rounds.
    pub rounds: u32,
}

impl Operator for LoopBegin {
    fn name(&self) -> &'static str {
        "iterate"
    }

    fn details(&self) -> String {
        format!("{} times", self.rounds)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What comes back has all fields, so what goes in has.
    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn role(&self) -> Role {
        Role::LoopBegin(self.loop_id)
    }

    fn replay(&self, schema: &Schema) -> Option<Arc<dyn Operator>> {
        Some(Arc::new(Replay { schema: schema.clone(), loop_id: self.loop_id }))
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (layout, rounds) = (layout(&self.schema, &LeafSet::all(self.schema.leaves().len())), self.rounds);
        let rows_of = layout.clone();
        let create = move |context: &TaskContext| {
            let rows = || QueuedRows::new(rows_of.clone(), context);
            Ok(BeginDriver { now: rows(), next: rows(), rounds })
        };
        let driver = DriverFactory::new("feed rounds", create).emitting(layout).spilling_beyond(2 * SPOOL_BYTES);
        vec![planning.forwarded(driver, ROW_SECONDS)]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}

struct BeginDriver {
    /// The rows that are given.
    now: QueuedRows,
    /// Those that have come back.
    next: QueuedRows,
    rounds: u32,
}

impl BeginDriver {
    /// Gives a round, or, behind the last, what the loop came to.
    fn give(&mut self, round: u32, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let is_result = round > self.rounds;
        if *cursor == 1 {
            // Who replays rows in each round begins with it.
            let control = if is_result { Control::End } else { Control::RoundEnd(round) };
            (LoopId::RESULT + 1..out.count()).for_each(|replay| out.say(replay, control));
            if is_result {
                out.say(0, Control::End);
            }
            *cursor = 2;
        }
        let output = if is_result { LoopId::RESULT } else { 0 };
        match self.now.poll()? {
            Read::Page(page) => {
                out.pages_of(output).adopt(page);
                return Ok(Progress::OutputFull);
            }
            Read::Pending => return Ok(Progress::Pending),
            Read::End => {}
        }
        if is_result {
            Control::END_OF_INPUT.into_iter().for_each(|control| out.say(LoopId::RESULT, control));
        } else {
            out.say(0, Control::RoundEnd(round));
        }
        Ok(Progress::Done)
    }
}

impl Driver for BeginDriver {
    fn feed(&self, port: usize) -> Feed {
        if port == LoopId::FEEDBACK { Feed::EveryRound } else { Feed::Once }
    }

    fn survives_rounds(&self) -> bool {
        true
    }

    fn makes_rounds(&self) -> bool {
        true
    }

    fn absorbs(&self, port: usize) -> bool {
        port == LoopId::FEEDBACK
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if port == LoopId::FEEDBACK { self.next.add(input, cursor) } else { self.now.add(input, cursor) }
    }

    fn on_round_end(&mut self, port: usize, round: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            if port == LoopId::FEEDBACK {
                std::mem::swap(&mut self.now, &mut self.next);
            }
            self.now.seal();
            *cursor = 1;
        }
        let next = if port == LoopId::FEEDBACK { round.number + 1 } else { 1 };
        ready!(self.give(next, cursor, out)?);
        Ok(Progress::Done)
    }

    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.next.revoke(bytes / 2);
        self.now.revoke(bytes / 2);
        Ok(())
    }
}
