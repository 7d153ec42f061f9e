//! The beginning of a loop.

use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::SPOOL_BYTES;
use crate::page::Input;
use crate::plan::{LoopOperator, LoopOperatorPart, Operator, Table};
use crate::rendezvous::Rendezvous;
use crate::row::{LeafSet, Schema};
use crate::strategy::{
    Cursor, Driver, DriverFactory, DriverProperties, LoopId, Planning, PortSet, Progress, Revocable, Round, Strategy,
    Work, ready,
};
use crate::stream::Control;

use super::super::common::layout;
use super::super::queued_rows::QueuedRows;
use super::replay::Replay;

/// Emits the rows of each round to the loop's body.
pub struct LoopBegin {
    /// The records.
    pub schema: Schema,
    /// The loop.
    pub loop_id: LoopId,
    /// The most rounds.
    pub rounds: u32,
    /// The condition that ends the loop.
    pub termination: LoopTermination,
}

/// The condition that ends a loop, and the result of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopTermination {
    /// After the given number of rounds. The result is the last rows of the body.
    AfterRounds,
    /// When no task has rows for another round, or after the given number of rounds. The result is
    /// the solution set.
    WithoutRows,
}

impl Operator for LoopBegin {
    fn name(&self) -> &'static str {
        "iterate"
    }

    fn details(&self) -> String {
        match self.termination {
            LoopTermination::AfterRounds => format!("{} times", self.rounds),
            LoopTermination::WithoutRows => format!("while there are rows, at most {} times", self.rounds),
        }
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The body emits all fields, so the initial rows need all fields too.
    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn as_loop(&self) -> Option<LoopOperator> {
        let replay =
            |schema: &Schema, loop_id| Arc::new(Replay { schema: schema.clone(), loop_id }) as Arc<dyn Operator>;
        Some(LoopOperator { loop_id: self.loop_id, part: LoopOperatorPart::Begin { replay } })
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (rounds, termination) = (self.rounds, self.termination);
        let layout = layout(&self.schema, &LeafSet::all(self.schema.leaves().len()));
        let rows_of = layout.clone();
        let create = move |context: &TaskContext| {
            let rows = || QueuedRows::new(rows_of.clone(), context);
            let (current, next, context) = (rows(), rows(), context.clone());
            Ok(BeginDriver { current, next, next_rows: 0, rounds, termination, is_last: false, context })
        };
        let properties = DriverProperties {
            fed_once: PortSet::all_but(LoopId::FEEDBACK),
            buffers: PortSet::of(LoopId::FEEDBACK),
            keeps_state_across_rounds: true,
            drives_rounds: true,
            waits_for_end: PortSet::ALL,
        };
        let driver = DriverFactory::new("feed rounds", create)
            .with_properties(properties)
            .emitting(layout)
            .spilling_beyond(2 * SPOOL_BYTES);
        vec![planning.forwarded(driver, Work::rows(planning.inputs[0].rows))]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}

struct BeginDriver {
    /// The rows that are emitted.
    current: QueuedRows,
    /// The rows for the next round.
    next: QueuedRows,
    /// The number of rows that have arrived for the next round.
    next_rows: u64,
    rounds: u32,
    termination: LoopTermination,
    /// Whether no round follows.
    is_last: bool,
    context: TaskContext,
}

/// Cursors at the beginning of a round: the task's number of rows is to be sent, the others'
/// numbers are awaited, replays are to be notified, and then the rows are emitted.
const NEW: Cursor = 0;
const SENT: Cursor = 1;
const AGREED: Cursor = 2;
const EMITTING: Cursor = 3;

impl BeginDriver {
    /// Agrees with the other tasks on another round. Returns `false` while values are missing; the
    /// next one wakes the task.
    fn agree(&mut self, round: u32, cursor: &mut Cursor) -> Result<bool> {
        // Each round has its own rendezvous.
        self.context.superstep = round;
        let next_rows = Rendezvous::<u64>::of(&self.context);
        if *cursor == NEW {
            next_rows.send(&self.context, self.next_rows)?;
            *cursor = SENT;
        }
        let all = |counts: &[Option<u64>]| counts.iter().copied().sum::<Option<u64>>();
        let rows = match self.termination {
            // Every round runs, so the task does not wait for the others.
            LoopTermination::AfterRounds => next_rows.peek(all),
            LoopTermination::WithoutRows => match next_rows.poll(&self.context, all) {
                None => return Ok(false),
                rows => rows,
            },
        };
        self.is_last = round > self.rounds || (self.termination == LoopTermination::WithoutRows && rows == Some(0));
        if !self.is_last {
            self.context.metrics.rounds.raise(round.into());
            rows.into_iter().for_each(|rows| self.context.metrics.round_rows.set(rows));
        }
        Ok(true)
    }

    /// The first of the outputs that emit only the starts of rounds.
    fn first_replay_output(&self) -> usize {
        match self.termination {
            LoopTermination::AfterRounds => LoopId::RESULT + 1,
            LoopTermination::WithoutRows => 1,
        }
    }

    /// Emits the rows of a round, or the result after the last round.
    fn emit(&mut self, round: u32, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor < AGREED {
            if !self.agree(round, cursor)? {
                return Ok(Progress::Pending);
            }
            self.next_rows = 0;
            *cursor = AGREED;
        }
        if *cursor == AGREED {
            // Replays emit their rows when this arrives, or end.
            let control = if self.is_last { Control::End } else { Control::RoundEnd(round) };
            (self.first_replay_output()..out.count()).for_each(|replay| out.send(replay, control));
            if self.is_last {
                out.send(0, Control::End);
            }
            *cursor = EMITTING;
        }
        let has_result = self.termination == LoopTermination::AfterRounds;
        if self.is_last && !has_result {
            return Ok(Progress::Done);
        }
        let output = if self.is_last { LoopId::RESULT } else { 0 };
        match self.current.poll()? {
            Poll::Ready(Some(page)) => {
                out.pages_of(output).adopt(page);
                return Ok(Progress::Yield);
            }
            Poll::Pending => return Ok(Progress::Pending),
            Poll::Ready(None) => {}
        }
        match self.is_last {
            true => Control::END_OF_INPUT.into_iter().for_each(|control| out.send(LoopId::RESULT, control)),
            false => out.send(0, Control::RoundEnd(round)),
        }
        Ok(Progress::Done)
    }
}

impl Driver for BeginDriver {
    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        let rows = if port == LoopId::FEEDBACK { &mut self.next } else { &mut self.current };
        ready!(rows.add(input, cursor)?);
        self.next_rows += input.len() as u64;
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, port: usize, round: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == NEW {
            if port == LoopId::FEEDBACK {
                std::mem::swap(&mut self.current, &mut self.next);
            }
            self.current.seal();
        }
        let next = if port == LoopId::FEEDBACK { round.number + 1 } else { 1 };
        self.emit(next, cursor, out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for BeginDriver {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.next.revoke(bytes / 2);
        self.current.revoke(bytes / 2);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::memory::{Budget, Memory};
    use crate::page::{RowWriter, windows};
    use crate::row::{Datum, LeafType};
    use crate::spill::tests::DeferredBlocking;

    #[test]
    fn rows_that_wait_for_memory_are_counted_once() {
        let layout = Arc::new(crate::row::RowLayout::full(vec![LeafType::U64]));
        let ample = Memory::new(Budget::new(1 << 30), "rows");
        let mut writer = RowWriter::new(layout.clone(), ample.clone());
        (0..300_000).for_each(|row| writer.append_datums(&[Datum::Fixed(row)]).unwrap());
        writer.seal();
        let pages: Vec<_> = writer.take_sealed().collect();

        let later = Arc::new(DeferredBlocking::default());
        let memory = Memory::spilling(Budget::new(2 * SPOOL_BYTES), "loop", 0);
        let context = TaskContext { blocking: later.clone(), ..TaskContext::alone(memory) };
        let rows = || QueuedRows::new(layout.clone(), &context);
        let mut driver = BeginDriver {
            current: rows(),
            next: rows(),
            next_rows: 0,
            rounds: 2,
            termination: LoopTermination::WithoutRows,
            is_last: false,
            context: context.clone(),
        };
        let (mut out, mut waits) = (Outputs::new(RowWriter::new(layout.clone(), ample)), 0);
        for page in pages {
            windows(&page.batch(), |input| -> Result<()> {
                let mut cursor = 0;
                while driver.on_batch(LoopId::FEEDBACK, input, &mut cursor, &mut out)? != Progress::Done {
                    waits += usize::from(cursor == 0);
                    later.run_next();
                }
                Ok(())
            })
            .unwrap();
        }
        assert!(waits > 0);
        assert_eq!(driver.next_rows, 300_000);
    }
}
