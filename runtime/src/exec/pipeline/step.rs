//! A step: a driver with the filters and projections before it, its ports, and what it is in the middle of.

use std::collections::VecDeque;
use std::sync::Arc;

use super::windows::{Rows, Windows};
use crate::error::Result;
use crate::exec::channel::Inbox;
use crate::exec::inline::{InlineStep, Watch, filter_window, with_projection};
use crate::kernel::Outputs;
use crate::memory::Memory;
use crate::page::{Batch, Input, Page, Selection};
use crate::physical::{Part, StepPlan};
use crate::strategy::{Cursor, Driver, Progress};

pub(in crate::exec) struct Step {
    pub(in crate::exec) operator: usize,
    pub(in crate::exec) inline: Vec<InlineStep>,
    pub(in crate::exec) driver: Box<dyn Driver>,
    /// The driver's, to hear what is asked back; nothing where the step was stopped.
    pub(in crate::exec) memory: Option<Memory>,
    /// The driver has begun to give memory back.
    pub(in crate::exec) gives: bool,
    /// The driver's port that the step before feeds.
    pub(in crate::exec) port: usize,
    pub(in crate::exec) sides: Vec<Side>,
    pub(in crate::exec) outputs: Outputs,
    pub(in crate::exec) part: Part,
    pub(in crate::exec) work: Option<Work>,
    /// Pages for the next step.
    pub(in crate::exec) ready: VecDeque<Page>,
    /// The step before has ended, and the driver has been told.
    pub(in crate::exec) stream_ended: bool,
    /// It may end before its input does.
    pub(in crate::exec) may_stop: bool,
}

/// A port that an inbox feeds.
pub(in crate::exec) struct Side {
    pub(in crate::exec) port: usize,
    pub(in crate::exec) inbox: Arc<Inbox>,
    pub(in crate::exec) ended: bool,
}

impl Side {
    pub(in crate::exec) fn stop(&mut self) {
        self.ended = true;
        self.inbox.close();
    }
}

impl Step {
    pub(in crate::exec) fn new(
        plan: &StepPlan,
        inline: Vec<InlineStep>,
        driver: Box<dyn Driver>,
        memory: Memory,
        sides: Vec<Side>,
        outputs: Outputs,
    ) -> Self {
        let StepPlan { operator, port, part, .. } = *plan;
        Step {
            operator,
            inline,
            driver,
            memory: Some(memory),
            gives: false,
            port,
            sides,
            outputs,
            part,
            work: None,
            ready: VecDeque::new(),
            stream_ended: false,
            may_stop: plan.may_stop(),
        }
    }

    /// Ends it where it stands: it gives nothing more, takes nothing, and holds nothing, not even the least that was kept for it.
    pub(in crate::exec) fn stop(&mut self, watch: &Watch) {
        self.work = None;
        self.ready.clear();
        self.stream_ended = true;
        self.gives = false;
        self.sides.iter_mut().for_each(Side::stop);
        self.count_memory(watch);
        let held = (self.memory.take(), std::mem::replace(&mut self.driver, Box::new(Stopped)));
        let pages = self.outputs.pages();
        *pages = pages.emptied();
        // The user's code may be dropped with the driver, so it comes last.
        watch.enter(self.operator);
        drop(held);
    }

    /// Notes the most that the driver held. Pages on their way are not its own.
    pub(in crate::exec) fn count_memory(&self, watch: &Watch) {
        if let Some(memory) = &self.memory {
            watch.job.metrics.operators[self.operator].memory_bytes.add(memory.peak_bytes() as u64);
        }
    }

    /// Gives back what others ask for; whether there is more to do for it now.
    pub(in crate::exec) fn give_back(&mut self, watch: &Watch) -> Result<bool> {
        let Some(memory) = &self.memory else { return Ok(false) };
        let asked = memory.revoke_requested();
        if asked == 0 && !self.gives {
            return Ok(false);
        }
        watch.enter(self.operator);
        if asked > 0 {
            self.driver.revoke(asked)?;
        }
        let progress = self.driver.settle()?;
        self.gives = progress != Progress::Done;
        Ok(progress == Progress::OutputFull)
    }

    pub(in crate::exec) fn count_in(&self, rows: usize, watch: &Watch) {
        if self.part != Part::Last {
            watch.job.metrics.operators[self.operator].rows_in.add(rows as u64);
        }
    }

    pub(in crate::exec) fn count_out(&self, rows: usize, watch: &Watch) {
        if self.part != Part::First {
            watch.job.metrics.operators[self.operator].rows_out.add(rows as u64);
        }
    }

    /// Nothing more will come out of it.
    pub(in crate::exec) fn finished(&self) -> bool {
        self.stream_ended && self.work.is_none() && self.sides.iter().all(|side| side.ended)
    }
}

/// In the place of a driver that was stopped.
pub(in crate::exec) struct Stopped;

impl Driver for Stopped {
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }
}

/// What a step is in the middle of.
pub(in crate::exec) enum Work {
    Rows(Rows),
    RoundEnd { port: usize, cursor: Cursor },
}

/// Why a driver stopped.
pub(in crate::exec) enum DriveResult {
    /// The rows are used up.
    Exhausted,
    /// Output is full, or rows passed.
    Stopped,
    /// Something outside is on its way.
    Awaits,
}

/// Runs windows of rows through a step's prelude and driver.
pub(in crate::exec) fn drive(
    step: &mut Step,
    batch: &Batch<'_>,
    port: usize,
    at: &mut Windows,
    watch: &Watch,
) -> Result<(DriveResult, Option<Selection>)> {
    let streamed = port == step.port;
    loop {
        if !at.begun {
            if !at.advance(batch.rows()) {
                return Ok((DriveResult::Exhausted, None));
            }
            filter_window(inline_of(&mut step.inline, streamed), batch, &mut at.window, watch)?;
            if at.window.is_empty() {
                continue;
            }
            step.count_in(at.window.len(), watch);
            at.begun = true;
        }
        let (driver, outputs) = (&mut step.driver, &mut step.outputs);
        watch.enter(step.operator);
        let (cursor, window) = (&mut at.cursor, &at.window);
        let inline = inline_of(&mut step.inline, streamed);
        let progress =
            with_projection(inline, batch, |batch| driver.on_batch(port, &Input::new(batch, window), cursor, outputs))?;
        match progress {
            Progress::Pending => return Ok((DriveResult::Awaits, None)),
            Progress::OutputFull => return Ok((DriveResult::Stopped, None)),
            Progress::Done => {
                (at.begun, at.cursor) = (false, 0);
                let passed = outputs.take_passed().filter(|passed| !passed.is_empty());
                if passed.is_some() || outputs.is_full() {
                    return Ok((DriveResult::Stopped, passed));
                }
            }
        }
    }
}

/// The filters and views before a step are for the rows of the step before it; what comes by a side has been through its own.
pub(in crate::exec) fn inline_of(inline: &mut [InlineStep], streamed: bool) -> &mut [InlineStep] {
    if streamed { inline } else { &mut [] }
}
