//! One task of a stage: head, steps, exits.
//!
//! The last step that has work runs first. Rows are therefore used while they are in the cache, and at most
//! one page lies between two steps. The current work of a step is a value (`Work`) and not on a stack, so a
//! task can stop after any window of rows.

mod busy_clock;
mod deadline;
mod head;
mod ready;
mod task_snapshot;
mod step;
#[cfg(test)]
mod tests;
mod windows;

use std::time::{Duration, Instant};

use super::exits::Exit;
use super::inline::{InlineStep, Watch, projected_leaves};
use crate::error::{Origin, Result};
use crate::page::{Batch, Page, Selection};
use crate::strategy::{Demand, Progress, ProgressOf};
use crate::stream::{Control, Item};
use busy_clock::BusyClock;
pub(super) use deadline::Deadline;
use head::HeadItem;
pub(super) use head::PipelineHead;
pub(super) use step::{Renewal, Side, Step};
use step::{STREAM, Work, drive};
pub(super) use task_snapshot::TaskSnapshots;
use windows::{Data, Rows, Windows};

/// The time after which a task yields its thread.
const SLICE: Duration = Duration::from_millis(5);

pub(super) struct Pipeline {
    head: PipelineHead,
    steps: Vec<Step>,
    exits: Vec<Exit>,
    /// The rows that the exits are sending.
    leaving: Option<Rows>,
    /// Whether the exits have the end of the rows.
    has_ended: bool,
    watch: Watch,
    /// The number of first steps whose rows no later step needs any more.
    stopped: usize,
    /// The number of first steps that may have work. The steps after them had none in this poll, and can only
    /// get some from the step before or from a side input. An item of a side input wakes the task.
    open: usize,
    /// Steps with side outputs.
    with_others: Vec<usize>,
    /// Whether the stage has a step that reads event times for the head.
    reads_time: bool,
    /// For an endless input: the time at which pages are sent that are not full.
    deadline: Option<Deadline>,
    /// Its part of the job's snapshots.
    snapshots: Option<TaskSnapshots>,
    busy: BusyClock,
}

impl Pipeline {
    pub(super) fn new(head: PipelineHead, steps: Vec<Step>, exits: Vec<Exit>, watch: Watch) -> Self {
        let with_others = (0..steps.len()).filter(|&step| steps[step].has_others()).collect();
        let of_exits = exits.iter().flat_map(|exit| &exit.inline);
        let mut inline = steps.iter().flat_map(|step| &step.inline).chain(of_exits);
        let reads_time = inline.any(|step| matches!(step, InlineStep::EventTime(..)));
        Pipeline {
            head,
            open: steps.len(),
            steps,
            exits,
            leaving: None,
            has_ended: false,
            watch,
            stopped: 0,
            with_others,
            reads_time,
            deadline: None,
            snapshots: None,
            busy: BusyClock::new(),
        }
    }

    /// The same task with a deadline for pages that are not full.
    pub(super) fn sending_in_time(self, deadline: Option<Deadline>) -> Self {
        Pipeline { deadline, ..self }
    }

    /// The same task as a part of snapshots.
    pub(super) fn in_snapshots(self, snapshots: Option<TaskSnapshots>) -> Self {
        Pipeline { snapshots, ..self }
    }

    /// The operator that runs, for errors.
    pub(super) fn current_origin(&self) -> Option<Origin> {
        self.watch.origin()
    }

    /// Runs until there is no work or the time slice is over.
    pub(super) fn poll(&mut self) -> Result<Progress> {
        let started = Instant::now();
        let mut is_revoking = false;
        for step in &mut self.steps {
            is_revoking |= step.revoke_memory(&self.watch)?;
        }
        if let PipelineHead::SpillQueue(spool) = &mut self.head {
            spool.give_back();
        }
        if let Some(poll) = self.restore()? {
            return Ok(poll);
        }
        self.take_images()?;
        self.open = self.steps.len();
        self.busy.start();
        loop {
            let turn = self.turn()?;
            let turn = if turn == Progress::Pending { self.flush_idle()? } else { turn };
            self.busy.end_turn(&self.watch);
            self.keep_deadline(turn)?;
            match turn {
                Progress::Pending if self.take_side_inputs()? || self.buffer_rows()? => self.open = self.steps.len(),
                Progress::Pending => {
                    self.take_images()?;
                    return Ok(if is_revoking { Progress::Yield } else { Progress::Pending });
                }
                // Marked state is written before the task ends.
                Progress::Done if !self.take_images()? => return Ok(Progress::Pending),
                Progress::Done => {
                    self.end_snapshots();
                    self.count_memory();
                    return Ok(Progress::Done);
                }
                Progress::Yield if self.watch.job.is_cancelled() => return Ok(Progress::Done),
                Progress::Yield if self.busy.since(started) > SLICE => return Ok(Progress::Yield),
                Progress::Yield => {}
            }
        }
    }

    /// Has idle drivers emit the rows that they hold back. Returns `Yield` if there were any.
    fn flush_idle(&mut self) -> Result<Progress> {
        let is_held_back = self.exits.iter().any(Exit::is_held_back);
        let mut turn = Progress::Pending;
        for step in self.steps.iter_mut().filter(|_| self.deadline.is_some() && !is_held_back) {
            if step.flush_idle(&self.watch)? {
                turn = Progress::Yield;
            }
        }
        self.open = self.steps.len();
        Ok(turn)
    }

    /// For an endless input: sends rows that have waited until the deadline, and all rows if there is no
    /// other work.
    fn keep_deadline(&mut self, turn: Progress) -> Result<()> {
        let Some(deadline) = &mut self.deadline else { return Ok(()) };
        let is_blocked = turn == Progress::Pending;
        deadline.keep(&mut self.exits, is_blocked, &self.watch)
    }

    /// Restores the task's state. Returns the result of the poll if that is not finished.
    fn restore(&mut self) -> Result<Option<Progress>> {
        let Some(snapshots) = &mut self.snapshots else { return Ok(None) };
        let progress = snapshots.restore(&mut self.steps, &self.watch)?;
        Ok((progress != Progress::Done).then_some(progress))
    }

    /// Writes images of marked state. Returns `true` if all are written.
    fn take_images(&mut self) -> Result<bool> {
        self.snapshots.as_mut().map_or(Ok(true), |snapshots| snapshots.take_images(&mut self.steps))
    }

    /// Brings what there is at the end.
    fn end_snapshots(&mut self) {
        if let Some(mut snapshots) = self.snapshots.take() {
            snapshots.end(self.head.positions().unwrap_or_default(), &mut self.steps);
        }
    }

    /// Counts the peak memory of each driver, or of the spill queue.
    fn count_memory(&self) {
        self.steps.iter().for_each(|step| step.count_memory(&self.watch));
        if let PipelineHead::SpillQueue(spool) = &self.head {
            self.watch.metrics(spool.operator).memory_bytes.add(spool.peak_bytes() as u64);
        }
    }

    /// Does one piece of work, that of the last step that has any.
    fn turn(&mut self) -> Result<Progress> {
        if self.stop_unwanted() {
            return Ok(Progress::Done);
        }
        if !self.flush() {
            return self.run_while_blocked();
        }
        if self.has_ended && self.steps.iter().all(Step::others_have_ended) {
            return Ok(Progress::Done);
        }
        if self.leaving.is_some() {
            return self.leave();
        }
        if let Some(item) = self.steps.last_mut().map_or(Ok(None), |last| last.ready.pop(true))? {
            self.feed_exits(item)?;
            return Ok(Progress::Yield);
        }
        for step in (0..self.open).rev() {
            // The turn gives work to this step or to the next one.
            self.open = self.steps.len().min(step + 2);
            let demand = self.steps[step].driver.demand();
            if demand.is_satisfied {
                self.stop_before(step);
            }
            if let Some(control) = self.steps[step].next_control() {
                self.steps[step].work = Some(Work::Control { control, cursor: 0 });
            }
            if self.steps[step].work.is_some() {
                return self.run(step);
            }
            if let Some(turn) = self.feed(step, demand)? {
                return Ok(turn);
            }
        }
        self.open = self.steps.len().min(1);
        self.feed_head()
    }

    /// Stops the steps before a satisfied one, if all of them may stop. Steps that count, keep rows or
    /// exchange messages with other tasks run to their end.
    fn stop_before(&mut self, index: usize) {
        // The step before has ended already.
        if self.stopped > index || self.steps[index].inputs.is_held(STREAM) {
            return;
        }
        if self.steps[..index].iter().any(|step| step.driver.demand().is_awaited) {
            return; // tried again at the next visit
        }
        self.stopped = index + 1;
        // The step itself may have a filter before it that counts.
        if !self.head.may_stop() || !self.steps[..=index].iter().all(|step| step.may_stop) {
            return;
        }
        self.steps[..index].iter_mut().for_each(|step| step.stop(&self.watch));
        self.head.stop(&self.watch);
    }

    /// Ends the task if all its exits are closed and all of it may stop. Returns `true` if it does.
    fn stop_unwanted(&mut self) -> bool {
        let is_unwanted = !self.exits.is_empty() && self.exits.iter().all(Exit::is_closed);
        let stops = is_unwanted
            && self.head.may_stop()
            && self.steps.iter().all(|step| step.may_stop && !step.driver.demand().is_awaited);
        if stops {
            self.steps.iter_mut().for_each(|step| step.stop(&self.watch));
            self.head.stop(&self.watch);
        }
        stops
    }

    /// Takes items of the side inputs of steps that prefer their stream, while the stream has none. Returns
    /// `true` if there was one.
    fn take_side_inputs(&mut self) -> Result<bool> {
        for step in &mut self.steps {
            if step.work.is_none() && step.driver.demand().prefers_stream && step.take_side()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes rows of buffered ports while there is no other work. Returns `true` if there were any.
    fn buffer_rows(&mut self) -> Result<bool> {
        for step in &mut self.steps {
            if step.buffer_rows(&self.watch)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes items into the spill queue while an exit is full.
    fn run_while_blocked(&mut self) -> Result<Progress> {
        let PipelineHead::SpillQueue(spool) = &mut self.head else { return Ok(Progress::Pending) };
        self.watch.enter(spool.operator);
        Ok(if spool.take_in()? { Progress::Yield } else { Progress::Pending })
    }

    /// Sends the waiting items of all exits, also if one of them is blocked. Returns `true` if all were sent.
    fn flush(&mut self) -> bool {
        let went = self.exits.iter_mut().fold(true, |went, exit| exit.flush() & went);
        self.with_others.iter().fold(went, |went, &step| self.steps[step].flush() & went)
    }

    /// Gives an item of the last step to the exits.
    fn feed_exits(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Page(page) => self.leaving = self.hand_over(page),
            Item::Control(control) => {
                self.exits.iter_mut().for_each(|exit| exit.send_control(control, &self.watch));
                self.has_ended = control == Control::End;
                if let (Control::Barrier(epoch), Some(snapshots)) = (control, &mut self.snapshots) {
                    snapshots.left(epoch)?;
                }
            }
        }
        Ok(())
    }

    /// Sends a page as it is if the only exit accepts it. Otherwise returns its rows, which are to be written.
    fn hand_over(&mut self, page: Page) -> Option<Rows> {
        let page = match self.exits.as_mut_slice() {
            [] => return None,
            [exit] => exit.take_page(page, &self.watch)?,
            _ => page,
        };
        Some(Rows::all(0, Data::Page(page)))
    }

    /// Finds work for a step.
    fn feed(&mut self, index: usize, demand: Demand) -> Result<Option<Progress>> {
        let (before, rest) = self.steps.split_at_mut(index);
        let Some(step) = rest.first_mut() else { return Ok(None) };
        if let Some(rows) = step.buffering.take() {
            step.work = Some(Work::Rows(rows));
            return Ok(Some(Progress::Yield));
        }
        if !demand.prefers_stream && step.take_side()? {
            return Ok(Some(Progress::Yield));
        }
        let wants_rows = demand.ports.contains(step.port);
        if let Some(rows) = step.passed.take_if(|_| wants_rows) {
            step.take_rows(STREAM, rows);
            return Ok(Some(Progress::Yield));
        }
        if step.inputs.has_ended() {
            return Ok(None);
        }
        if step.inputs.is_held(STREAM) {
            // The missing rows arrive at the side inputs.
            return Ok(Some(Progress::Pending));
        }
        let Some(before) = before.last_mut() else { return Ok(None) };
        if let Some(item) = before.ready.pop(wants_rows)? {
            step.take(STREAM, item)?;
            return Ok(Some(Progress::Yield));
        }
        // The sides come first until they have sent all. In a loop they may wait for a control item of
        // a step before: that step continues until it has an item for this one.
        let sides_speak = (0..step.sides.len()).any(|side| !step.inputs.is_held(STREAM + 1 + side));
        let waits = !wants_rows && sides_speak && (step.renewal.is_none() || !before.ready.is_empty());
        let waits = waits || step.passed.is_some();
        Ok(waits.then_some(Progress::Pending))
    }

    /// Passes the greatest event time of the stage's rows to the head. No row is between the head and
    /// the last step when the head is asked for more.
    fn note_time(&mut self) {
        if !self.reads_time {
            return;
        }
        let of_steps = self.steps.iter_mut().flat_map(|step| &mut step.inline);
        let of_exits = self.exits.iter_mut().flat_map(|exit| &mut exit.inline);
        if let Some(greatest) = of_steps.chain(of_exits).filter_map(InlineStep::take_greatest_time).max() {
            self.head.note_time(greatest);
        }
    }

    /// Takes from the head.
    fn feed_head(&mut self) -> Result<Progress> {
        self.note_time();
        let wants_rows = self.steps.first().is_none_or(Step::accepts_stream);
        // The inline steps that the head's rows go through first.
        let inline: &mut [InlineStep] = match (self.steps.as_mut_slice(), self.exits.as_mut_slice()) {
            ([first, ..], _) => &mut first.inline,
            ([], [exit]) => &mut exit.inline,
            ([], _) => &mut [],
        };
        let progress = self.head.advance(wants_rows, inline, &self.watch)?;
        let filtered = self.head.filtered(inline);
        let waits = matches!(progress, ProgressOf::Pending);
        if let Some(operator) = self.head.timed_operator().filter(|_| !waits) {
            self.watch.enter(operator);
            self.busy.count_for(operator);
        }
        if let (ProgressOf::Done(HeadItem::Control(Control::Barrier(epoch))), Some(snapshots)) =
            (&progress, &mut self.snapshots)
        {
            self.head.positions().map_or(Ok(()), |positions| snapshots.source_passed(*epoch, positions))?;
        }
        let item = match progress {
            ProgressOf::Pending => return Ok(Progress::Pending),
            ProgressOf::Yield => return Ok(Progress::Yield),
            ProgressOf::Done(item) => item,
        };
        match (item, self.steps.first_mut()) {
            (HeadItem::Rows(data), Some(first)) => {
                first.take_rows(STREAM, Rows::all(first.port, data).behind(filtered));
            }
            (HeadItem::Control(control), Some(first)) => first.take(STREAM, Item::Control(control))?,
            (HeadItem::Rows(Data::Page(page)), None) => self.feed_exits(Item::Page(page))?,
            (HeadItem::Rows(data), None) => {
                self.leaving = (!self.exits.is_empty()).then(|| Rows::all(0, data).behind(filtered));
            }
            (HeadItem::Control(control), None) => self.feed_exits(Item::Control(control))?,
        }
        Ok(Progress::Yield)
    }

    /// Runs a step until its output is full, rows are passed on, or its work is done.
    fn run(&mut self, index: usize) -> Result<Progress> {
        let step = &mut self.steps[index];
        let operator = step.operator;
        self.busy.count_for(operator);
        match step.work.take() {
            None => Ok(Progress::Yield),
            Some(Work::Rows(rows)) => self.run_rows(index, rows),
            Some(Work::RoundEnd { input, round, cursor }) => {
                self.watch.enter(operator);
                let progress = step.end_round(input, round, cursor)?;
                self.finish_callback(index, progress, None)
            }
            Some(Work::End { input, cursor }) => {
                self.watch.enter(operator);
                let progress = step.end_input(input, cursor)?;
                self.finish_callback(index, progress, None)
            }
            Some(Work::Control { control, cursor }) => {
                self.watch.enter(operator);
                let progress = step.pass_control(control, cursor)?;
                self.finish_callback(index, progress, Some(control))
            }
        }
    }

    /// Collects the rows of a driver's callback and, if the callback is done, sends its control after them.
    fn finish_callback(&mut self, index: usize, progress: Progress, control: Option<Control>) -> Result<Progress> {
        let step = &mut self.steps[index];
        if progress == Progress::Done {
            step.collect_all(&self.watch)?;
            if let (Some(Control::Barrier(epoch)), Some(snapshots)) = (control, &mut self.snapshots) {
                snapshots.step_passed(epoch, index, step)?;
            }
            control.map_or(Ok(()), |control| step.pass_on(control, &self.watch))?;
        } else {
            step.collect(&self.watch)?;
        }
        Ok(if progress == Progress::Pending { Progress::Pending } else { Progress::Yield })
    }

    fn run_rows(&mut self, index: usize, mut rows: Rows) -> Result<Progress> {
        let port = self.steps[index].port;
        let (turn, passed) = {
            let step = &mut self.steps[index];
            let batch = batch_of(&rows.data, &self.head)?;
            let viewed_batch = rows.view.as_ref().map(|view| batch.project(view));
            drive(step, viewed_batch.as_ref().unwrap_or(&batch), (rows.port, rows.filtered), &mut rows.at, &self.watch)?
        };
        match turn {
            Progress::Done => {
                self.steps[index].collect_all(&self.watch)?;
                if let (Data::Page(page), true) = (rows.data, rows.port == port)
                    && let Some(before) = index.checked_sub(1)
                {
                    self.steps[before].outputs.pages().recycle(page);
                }
                Ok(Progress::Yield)
            }
            Progress::Yield => {
                if let Some(window) = passed {
                    self.pass_on(index, &rows, window);
                }
                self.steps[index].collect(&self.watch)?;
                self.steps[index].work = Some(Work::Rows(rows));
                Ok(Progress::Yield)
            }
            Progress::Pending => {
                self.steps[index].work = Some(Work::Rows(rows));
                Ok(Progress::Pending)
            }
        }
    }

    /// Passes rows on, where they lie, to the next step or to the exits.
    fn pass_on(&mut self, index: usize, rows: &Rows, window: Selection) {
        self.steps[index].count_out(window.len(), &self.watch);
        let data = match &rows.data {
            Data::Page(page) => Data::Page(page.clone()),
            Data::Source => Data::Source,
        };
        let view = projected_leaves(&self.steps[index].inline, rows.view.as_ref());
        let passed = Rows { port: 0, data, view, filtered: 0, at: Windows::given(window) };
        match self.steps.get_mut(index + 1) {
            Some(next) => {
                let rows = Rows { port: next.port, ..passed };
                if next.accepts_stream() { next.take_rows(STREAM, rows) } else { next.passed = Some(rows) }
            }
            None if self.exits.is_empty() => {}
            None => self.leaving = Some(passed),
        }
    }

    /// Writes the next window of the rows that the exits are sending.
    fn leave(&mut self) -> Result<Progress> {
        let Some(mut rows) = self.leaving.take() else { return Ok(Progress::Yield) };
        let done = {
            let batch = batch_of(&rows.data, &self.head)?;
            let with_projection = rows.view.as_ref().map(|view| batch.project(view));
            let batch = with_projection.as_ref().unwrap_or(&batch);
            let more = rows.at.advance(batch);
            if more {
                for exit in &mut self.exits {
                    exit.write(batch, &rows.at.window, rows.filtered, &self.watch)?;
                }
            }
            !more
        };
        if !done {
            self.leaving = Some(rows);
        } else if let (Data::Page(page), Some(last)) = (rows.data, self.steps.last_mut()) {
            last.outputs.pages().recycle(page);
        }
        Ok(Progress::Yield)
    }
}

fn batch_of<'d>(data: &'d Data, head: &'d PipelineHead) -> Result<Batch<'d>> {
    match data {
        Data::Page(page) => Ok(page.batch()),
        Data::Source => head.batch(),
    }
}
