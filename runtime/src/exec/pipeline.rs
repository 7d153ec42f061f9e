//! One task of a stage: head, steps, outputs.
//!
//! The last step that has work runs first. So rows are used while they are in the cache, and at
//! most one page lies between two steps. The current work of a step is a value (`Work`) and not on
//! a stack, so a task can stop after any window of rows.

mod busy_clock;
mod deadline;
mod task_outputs;
mod head;
mod ready;
mod step;
mod step_driver;
mod step_inputs;
mod step_outputs;
mod task_snapshot;
#[cfg(test)]
mod tests;
mod work;

use std::time::{Duration, Instant};

use super::inline::{InlineStep, OperatorScope};
use super::stage_output::StageOutput;
use crate::error::{Origin, Result};
use crate::page::Page;
use crate::strategy::{Progress, ProgressOf, ready};
use crate::stream::{Control, Item};
use busy_clock::BusyClock;
pub(super) use deadline::Deadline;
use head::HeadItem;
pub(super) use head::PipelineHead;
pub(super) use step::Step;
pub(super) use step_driver::Renewal;
pub(super) use step_inputs::SideInput;
use task_outputs::TaskOutputs;
pub(super) use task_snapshot::TaskSnapshots;
use work::{Callback, Data, Rows, Work};

/// Longest time of a poll: then the task yields its thread.
const SLICE: Duration = Duration::from_millis(5);

pub(super) struct Pipeline {
    head: PipelineHead,
    steps: Vec<Step>,
    outputs: TaskOutputs,
    scope: OperatorScope,
    /// Steps before this number were stopped, since a later step is satisfied.
    stopped: usize,
    /// Steps before this number may have work. Later steps had none in this poll. They can only get
    /// some from the step before or from a side input, and an item of a side input wakes the task.
    open: usize,
    /// Steps with side outputs.
    with_side_outputs: Vec<usize>,
    /// A step or an output reads event times for the head.
    reads_time: bool,
    /// For an endless input: sends pages that are not full in time.
    deadline: Option<Deadline>,
    /// Set if the task takes part in snapshots.
    snapshots: Option<TaskSnapshots>,
    busy: BusyClock,
}

impl Pipeline {
    pub(super) fn new(head: PipelineHead, steps: Vec<Step>, outputs: Vec<StageOutput>, scope: OperatorScope) -> Self {
        let with_side_outputs = (0..steps.len()).filter(|&step| steps[step].outputs.has_side_outputs()).collect();
        let of_outputs = outputs.iter().flat_map(|output| &output.inline);
        let mut inline = steps.iter().flat_map(|step| &step.inline).chain(of_outputs);
        let reads_time = inline.any(|step| matches!(step, InlineStep::EventTime(..)));
        Pipeline {
            head,
            open: steps.len(),
            steps,
            outputs: TaskOutputs::new(outputs),
            scope,
            stopped: 0,
            with_side_outputs,
            reads_time,
            deadline: None,
            snapshots: None,
            busy: BusyClock::new(),
        }
    }

    /// The pipeline with a deadline for pages that are not full.
    pub(super) fn with_deadline(self, deadline: Option<Deadline>) -> Self {
        Pipeline { deadline, ..self }
    }

    /// The pipeline of a task that takes part in snapshots.
    pub(super) fn with_snapshots(self, snapshots: Option<TaskSnapshots>) -> Self {
        Pipeline { snapshots, ..self }
    }

    /// The operator that runs now, for errors.
    pub(super) fn current_origin(&self) -> Option<Origin> {
        self.scope.origin()
    }

    /// Runs until there is no work or the time slice is over.
    pub(super) fn poll(&mut self) -> Result<Progress> {
        let started = Instant::now();
        let mut is_revoking = false;
        for step in &mut self.steps {
            is_revoking |= step.driver.revoke_memory(&self.scope)?;
        }
        if let PipelineHead::SpillQueue(queue) = &mut self.head {
            queue.revoke_memory();
        }
        if let Some(snapshots) = &mut self.snapshots {
            ready!(snapshots.restore(&mut self.steps, &self.scope)?);
        }
        self.take_images()?;
        self.open = self.steps.len();
        self.busy.start();
        loop {
            let turn = self.turn()?;
            let turn = if turn == Progress::Pending { self.flush_idle()? } else { turn };
            self.busy.end_turn(&self.scope);
            if let Some(deadline) = &mut self.deadline {
                deadline.flush_due(&mut self.outputs.outputs, turn == Progress::Pending, &self.scope)?;
            }
            match turn {
                Progress::Pending if self.take_deferred()? => self.open = self.steps.len(),
                Progress::Pending => {
                    self.take_images()?;
                    return Ok(if is_revoking { Progress::Yield } else { Progress::Pending });
                }
                // Marked state is written before the task ends.
                Progress::Done if !self.take_images()? => return Ok(Progress::Pending),
                Progress::Done => {
                    self.finish();
                    return Ok(Progress::Done);
                }
                Progress::Yield if self.scope.job.is_cancelled() => return Ok(Progress::Done),
                Progress::Yield if self.busy.since(started) > SLICE => return Ok(Progress::Yield),
                Progress::Yield => {}
            }
        }
    }

    /// Lets idle drivers emit the rows that they hold back. Returns `Yield` if there were any.
    fn flush_idle(&mut self) -> Result<Progress> {
        let flushes = self.deadline.is_some() && !self.outputs.are_blocked();
        let mut turn = Progress::Pending;
        for step in self.steps.iter_mut().filter(|_| flushes) {
            if step.flush_idle(&self.scope)? {
                turn = Progress::Yield;
            }
        }
        self.open = self.steps.len();
        Ok(turn)
    }

    /// Writes images of marked state. Returns `true` if all are written.
    fn take_images(&mut self) -> Result<bool> {
        self.snapshots.as_mut().map_or(Ok(true), |snapshots| snapshots.take_images(&mut self.steps))
    }

    /// Contributes the final state of the task to snapshots. Counts the peak memory of each driver,
    /// or of the spill queue.
    fn finish(&mut self) {
        if let Some(mut snapshots) = self.snapshots.take() {
            snapshots.end(self.head.positions().unwrap_or_default(), &mut self.steps);
        }
        self.steps.iter().for_each(|step| step.driver.count_memory(&self.scope));
        if let PipelineHead::SpillQueue(queue) = &self.head {
            self.scope.metrics(queue.operator).memory_bytes.add(queue.peak_bytes() as u64);
        }
    }

    /// Runs one piece of work, of the last step that has any.
    fn turn(&mut self) -> Result<Progress> {
        if self.stop_unwanted() {
            return Ok(Progress::Done);
        }
        if !self.flush() {
            return self.run_while_blocked();
        }
        if self.outputs.have_ended && self.steps.iter().all(|step| step.outputs.side_outputs_have_ended()) {
            return Ok(Progress::Done);
        }
        if self.outputs.have_rows() {
            let page = self.outputs.write(&self.head, &self.scope)?;
            self.recycle(self.steps.len(), page);
            return Ok(Progress::Yield);
        }
        if let Some(item) = self.steps.last_mut().map_or(Ok(None), |last| last.outputs.ready.pop(true))? {
            self.feed_outputs(item)?;
            return Ok(Progress::Yield);
        }
        for step in (0..self.open).rev() {
            // The turn gives work to this step or to the next one.
            self.open = self.steps.len().min(step + 2);
            let demand = self.steps[step].demand();
            if demand.is_satisfied {
                self.stop_before(step);
            }
            if let Some(work) = self.steps[step].inputs.next_work() {
                return self.run(step, work);
            }
            let (before, rest) = self.steps.split_at_mut(step);
            if let Some(turn) = rest[0].feed(before.last_mut(), demand)? {
                return Ok(turn);
            }
        }
        self.open = self.steps.len().min(1);
        self.feed_head()
    }

    /// Stops the steps before a satisfied one, if all of them may stop. Steps that count, keep rows
    /// or exchange messages with other tasks run to their end.
    fn stop_before(&mut self, index: usize) {
        // The step before has ended already.
        if self.stopped > index || self.steps[index].inputs.stream_is_held() {
            return;
        }
        if self.steps[..index].iter().any(|step| step.demand().is_awaited) {
            return; // tried again at the next visit
        }
        self.stopped = index + 1;
        // The step itself may have a filter before it that counts.
        if !self.head.may_stop() || !self.steps[..=index].iter().all(|step| step.may_stop) {
            return;
        }
        self.steps[..index].iter_mut().for_each(|step| step.stop(&self.scope));
        self.head.stop(&self.scope);
    }

    /// Stops the task if all its outputs are closed, and all its parts may stop. Returns `true` if
    /// it did.
    fn stop_unwanted(&mut self) -> bool {
        let stops = self.outputs.are_closed()
            && self.head.may_stop()
            && self.steps.iter().all(|step| step.may_stop && !step.demand().is_awaited);
        if stops {
            self.steps.iter_mut().for_each(|step| step.stop(&self.scope));
            self.head.stop(&self.scope);
        }
        stops
    }

    /// Takes rows that wait until there is no other work: of side inputs, if the driver prefers its
    /// stream, then of buffered ports. Returns `true` if there were any.
    fn take_deferred(&mut self) -> Result<bool> {
        for step in &mut self.steps {
            if step.take_side()? {
                return Ok(true);
            }
        }
        for step in &mut self.steps {
            if step.buffer_rows(&self.scope)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes items into the spill queue while an output is blocked.
    fn run_while_blocked(&mut self) -> Result<Progress> {
        let PipelineHead::SpillQueue(queue) = &mut self.head else { return Ok(Progress::Pending) };
        self.scope.enter(queue.operator);
        Ok(if queue.queue_item()? { Progress::Yield } else { Progress::Pending })
    }

    /// Sends the waiting items of all outputs, even if one of them is blocked. Returns `true` if
    /// all were sent.
    fn flush(&mut self) -> bool {
        let all_sent = self.outputs.flush();
        self.with_side_outputs
            .iter()
            .fold(all_sent, |all_sent, &step| self.steps[step].outputs.flush_side_outputs() & all_sent)
    }

    /// Passes an item of the last step to the outputs.
    fn feed_outputs(&mut self, item: Item) -> Result<()> {
        let barrier = if let Item::Control(Control::Barrier(epoch)) = item { Some(epoch) } else { None };
        self.outputs.take(item, &self.scope);
        let (Some(epoch), Some(snapshots)) = (barrier, &mut self.snapshots) else { return Ok(()) };
        snapshots.barrier_left(epoch)
    }

    /// Passes the greatest event time of the stage's rows to the head. Called when no row is
    /// between the head and the last step.
    fn note_time(&mut self) {
        if !self.reads_time {
            return;
        }
        let of_steps = self.steps.iter_mut().flat_map(|step| &mut step.inline);
        let of_outputs = self.outputs.outputs.iter_mut().flat_map(|output| &mut output.inline);
        if let Some(greatest) = of_steps.chain(of_outputs).filter_map(InlineStep::take_greatest_time).max() {
            self.head.note_time(greatest);
        }
    }

    /// Takes the next item of the head, and passes it to the first step or to the outputs.
    fn feed_head(&mut self) -> Result<Progress> {
        self.note_time();
        let accepts_rows = self.steps.first().is_none_or(Step::accepts_stream);
        // The inline steps that the head's rows go through first.
        let inline: &mut [InlineStep] = match (self.steps.as_mut_slice(), self.outputs.outputs.as_mut_slice()) {
            ([first, ..], _) => &mut first.inline,
            ([], [output]) => &mut output.inline,
            ([], _) => &mut [],
        };
        let progress = self.head.advance(accepts_rows, inline, &self.scope)?;
        let filtered = self.head.filtered(inline);
        let waits = matches!(progress, ProgressOf::Pending);
        if let Some(operator) = self.head.timed_operator().filter(|_| !waits) {
            self.scope.enter(operator);
            self.busy.count_for(operator);
        }
        if let (ProgressOf::Done(HeadItem::Control(Control::Barrier(epoch))), Some(snapshots)) =
            (&progress, &mut self.snapshots)
        {
            self.head.positions().map_or(Ok(()), |positions| snapshots.source_passed(*epoch, positions))?;
        }
        match progress {
            ProgressOf::Pending => return Ok(Progress::Pending),
            ProgressOf::Yield => {}
            ProgressOf::Done(HeadItem::Rows(data)) => self.take_rows_of_head(data, filtered)?,
            ProgressOf::Done(HeadItem::Control(control)) => match self.steps.first_mut() {
                Some(first) => first.inputs.take(Item::Control(control))?,
                None => self.feed_outputs(Item::Control(control))?,
            },
        }
        Ok(Progress::Yield)
    }

    /// Passes rows of the head to the first step, or to the outputs.
    fn take_rows_of_head(&mut self, data: Data, filtered: usize) -> Result<()> {
        match (data, self.steps.first_mut()) {
            (data, Some(first)) => first.inputs.take_rows(Rows::all(data, filtered)),
            (Data::Page(page), None) => self.feed_outputs(Item::Page(page))?,
            (Data::Source, None) => self.outputs.take_rows(Rows::all(Data::Source, filtered)),
        }
        Ok(())
    }

    /// Runs a step until its output is full, rows are passed on, or its work is done.
    fn run(&mut self, index: usize, work: Work) -> Result<Progress> {
        let step = &mut self.steps[index];
        self.busy.count_for(step.operator);
        match work {
            Work::Rows(rows) => self.run_rows(index, rows),
            Work::Callback(callback, cursor) => {
                let progress = step.run_callback(callback, cursor, &self.scope)?;
                if let (Progress::Done, Callback::Control(Control::Barrier(epoch)), Some(snapshots)) =
                    (progress, callback, &mut self.snapshots)
                {
                    snapshots.step_passed(epoch, index, step)?;
                }
                Ok(if progress == Progress::Pending { Progress::Pending } else { Progress::Yield })
            }
        }
    }

    fn run_rows(&mut self, index: usize, mut rows: Rows) -> Result<Progress> {
        let step = &mut self.steps[index];
        let (turn, passed) = {
            let batch = self.head.batch_of(&rows.data)?;
            let viewed = rows.view.as_ref().map(|view| batch.project(view));
            step.run_windows(viewed.as_ref().unwrap_or(&batch), &mut rows.windows, &self.scope)?
        };
        match turn {
            Progress::Pending => {
                step.inputs.work = Some(Work::Rows(rows));
                return Ok(Progress::Pending);
            }
            Progress::Yield => {
                let passed = passed.map(|window| step.passed_rows(&rows, window, &self.scope));
                step.collect(&self.scope)?;
                step.inputs.work = Some(Work::Rows(rows));
                match (passed, self.steps.get_mut(index + 1)) {
                    (None, _) => {}
                    (Some(passed), Some(next)) => next.take_passed(passed),
                    (Some(passed), None) => self.outputs.take_rows(passed),
                }
            }
            Progress::Done => {
                step.collect_all(&self.scope)?;
                match rows.data {
                    Data::Page(page) if rows.windows.port == step.inputs.port => self.recycle(index, Some(page)),
                    _ => {}
                }
            }
        }
        Ok(Progress::Yield)
    }

    /// Returns a page to the step that wrote it, the one before step `index`, for reuse.
    fn recycle(&mut self, index: usize, page: Option<Page>) {
        if let (Some(page), Some(before)) = (page, index.checked_sub(1)) {
            self.steps[before].outputs.written.pages().recycle(page);
        }
    }
}
