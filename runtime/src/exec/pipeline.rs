//! One task of a stage: its head, its steps, its exits.
//!
//! The deepest step that has something to do goes first, so rows are used while they are hot, and at most one page lies between two
//! steps. What a step works on is kept as data (`Work`), not on a stack, so a task can stop after any window.

mod busy_clock;
mod deadline;
mod head;
mod ready;
mod snapshot;
mod step;
#[cfg(test)]
mod tests;
mod windows;

use std::time::{Duration, Instant};

use super::exits::Exit;
use super::inline::{InlineStep, Watch, projected_leaves};
use crate::error::{Origin, Result};
use crate::page::{Batch, Page, Selection};
use crate::strategy::Progress;
use crate::stream::{Control, Item};
use busy_clock::BusyClock;
pub(super) use deadline::Deadline;
use head::HeadProgress;
pub(super) use head::PipelineHead;
pub(super) use snapshot::TaskSnapshots;
use step::{DriveResult, STREAM, Work, drive};
pub(super) use step::{Renewal, Side, Step};
use windows::{Data, Rows, Windows};

/// A task gives its thread back after this long.
const SLICE: Duration = Duration::from_millis(5);

/// How a poll ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Poll {
    /// There is more to do.
    Yield,
    /// Somebody will wake the task.
    Wait,
    /// Everything is done.
    Ended,
}

/// How a turn ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PipelineTurn {
    Worked,
    Blocked,
    Ended,
}

pub(super) struct Pipeline {
    head: PipelineHead,
    steps: Vec<Step>,
    exits: Vec<Exit>,
    /// What the exits are in the middle of.
    leaving: Option<Rows>,
    /// Nothing follows what the exits have.
    has_ended: bool,
    watch: Watch,
    /// Steps, from the first, that somebody behind them wants nothing from any more.
    stopped: usize,
    /// Steps, from the first, that may have work. The steps after them had none in this poll, and only
    /// the step before or a side can give them any. An item that comes by a side wakes the task.
    open: usize,
    /// Steps with side outputs.
    with_others: Vec<usize>,
    /// Whether the stage has a step that reads event times for the head.
    reads_time: bool,
    /// When rows are sent that wait for others, where the input has no end: else pages are sent when they are full.
    deadline: Option<Deadline>,
    /// Its part in the snapshots of the job.
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

    /// The same, whose rows are sent in time though pages are not full.
    pub(super) fn sending_in_time(self, deadline: Option<Deadline>) -> Self {
        Pipeline { deadline, ..self }
    }

    /// The same, which takes part in snapshots.
    pub(super) fn in_snapshots(self, snapshots: Option<TaskSnapshots>) -> Self {
        Pipeline { snapshots, ..self }
    }

    /// The operator at work, for errors.
    pub(super) fn current_origin(&self) -> Option<Origin> {
        self.watch.origin()
    }

    /// Works until there is nothing to do or the time slice is over.
    pub(super) fn poll(&mut self) -> Result<Poll> {
        let started = Instant::now();
        let mut gives = false;
        for step in &mut self.steps {
            gives |= step.give_back(&self.watch)?;
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
            let turn = if turn == PipelineTurn::Blocked { self.lull()? } else { turn };
            self.busy.end_turn(&self.watch);
            self.keep_deadline(turn)?;
            match turn {
                PipelineTurn::Blocked if self.take_second()? || self.absorb()? => self.open = self.steps.len(),
                PipelineTurn::Blocked => {
                    self.take_images()?;
                    return Ok(if gives { Poll::Yield } else { Poll::Wait });
                }
                // What is marked has to be written before it goes.
                PipelineTurn::Ended if !self.take_images()? => return Ok(Poll::Wait),
                PipelineTurn::Ended => {
                    self.end_snapshots();
                    self.count_memory();
                    return Ok(Poll::Ended);
                }
                PipelineTurn::Worked if self.watch.job.is_cancelled() => return Ok(Poll::Ended),
                PipelineTurn::Worked if self.busy.since(started) > SLICE => return Ok(Poll::Yield),
                PipelineTurn::Worked => {}
            }
        }
    }

    /// Has drivers give on what they keep back, where there is nothing else to do and the input does not end; whether that is work.
    fn lull(&mut self) -> Result<PipelineTurn> {
        let is_held_back = self.exits.iter().any(Exit::is_held_back);
        let mut turn = PipelineTurn::Blocked;
        for step in self.steps.iter_mut().filter(|_| self.deadline.is_some() && !is_held_back) {
            if step.lull(&self.watch)? {
                turn = PipelineTurn::Worked;
            }
        }
        self.open = self.steps.len();
        Ok(turn)
    }

    /// Has rows sent on that have waited for long enough, and all where there is nothing else to do, if the input does not end.
    fn keep_deadline(&mut self, turn: PipelineTurn) -> Result<()> {
        let Some(deadline) = &mut self.deadline else { return Ok(()) };
        let is_blocked = turn == PipelineTurn::Blocked;
        deadline.keep(&mut self.exits, is_blocked, &self.watch)
    }

    /// Puts back what a snapshot has of the task; what the poll comes to where that takes longer.
    fn restore(&mut self) -> Result<Option<Poll>> {
        let Some(snapshots) = &mut self.snapshots else { return Ok(None) };
        Ok(match snapshots.restore(&mut self.steps, &self.watch)? {
            Progress::Done => None,
            Progress::OutputFull => Some(Poll::Yield),
            Progress::Pending => Some(Poll::Wait),
        })
    }

    /// Has images of marked state written; whether none is left.
    fn take_images(&mut self) -> Result<bool> {
        self.snapshots.as_mut().map_or(Ok(true), |snapshots| snapshots.take_images(&mut self.steps))
    }

    /// Brings what there is at the end.
    fn end_snapshots(&mut self) {
        if let Some(mut snapshots) = self.snapshots.take() {
            snapshots.end(self.head.positions().unwrap_or_default(), &mut self.steps);
        }
    }

    /// Notes the most that each step's driver held, or what waited in a spool.
    fn count_memory(&self) {
        self.steps.iter().for_each(|step| step.count_memory(&self.watch));
        if let PipelineHead::SpillQueue(spool) = &self.head {
            self.watch.metrics(spool.operator).memory_bytes.add(spool.peak_bytes() as u64);
        }
    }

    /// Does one piece of work: what is deepest first.
    fn turn(&mut self) -> Result<PipelineTurn> {
        if self.stop_unwanted() {
            return Ok(PipelineTurn::Ended);
        }
        if !self.flush() {
            return self.held_back();
        }
        if self.has_ended && self.steps.iter().all(Step::others_have_ended) {
            return Ok(PipelineTurn::Ended);
        }
        if self.leaving.is_some() {
            return self.leave();
        }
        if let Some(item) = self.steps.last_mut().map_or(Ok(None), |last| last.ready.pop(true))? {
            self.feed_exits(item)?;
            return Ok(PipelineTurn::Worked);
        }
        for step in (0..self.open).rev() {
            // The turn gives work to this step or to the next one.
            self.open = self.steps.len().min(step + 2);
            if self.steps[step].driver.is_satisfied() {
                self.stop_before(step);
            }
            if let Some(control) = self.steps[step].next_control() {
                self.steps[step].work = Some(Work::Control { control, cursor: 0 });
            }
            if self.steps[step].work.is_some() {
                return self.run(step);
            }
            if let Some(turn) = self.feed(step)? {
                return Ok(turn);
            }
        }
        self.open = self.steps.len().min(1);
        self.feed_head()
    }

    /// Stops what comes before a step that has enough, if all of it may stop: what counts, keeps, or speaks to other tasks goes on to its end.
    fn stop_before(&mut self, index: usize) {
        // Where the step before has said that it has no more, all is over.
        if self.stopped > index || self.steps[index].inputs.is_held(STREAM) {
            return;
        }
        if !self.steps[..index].iter().all(|step| step.driver.may_stop()) {
            return; // later, perhaps
        }
        self.stopped = index + 1;
        // The step itself may have a filter before it that counts.
        if !self.head.may_stop() || !self.steps[..=index].iter().all(|step| step.may_stop) {
            return;
        }
        self.steps[..index].iter_mut().for_each(|step| step.stop(&self.watch));
        self.head.stop(&self.watch);
    }

    /// Ends the task where nobody takes what it gives, if all of it may stop; whether it does.
    fn stop_unwanted(&mut self) -> bool {
        let is_unwanted = !self.exits.is_empty() && self.exits.iter().all(Exit::is_closed);
        let stops = is_unwanted
            && self.head.may_stop()
            && self.steps.iter().all(|step| step.may_stop && step.driver.may_stop());
        if stops {
            self.steps.iter_mut().for_each(|step| step.stop(&self.watch));
            self.head.stop(&self.watch);
        }
        stops
    }

    /// Takes what the sides have of a step that takes its stream first, where nothing comes by that; whether there was any.
    fn take_second(&mut self) -> Result<bool> {
        for step in &mut self.steps {
            if step.work.is_none() && step.driver.streams_first() && step.take_side()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes what comes back to where a loop begins while nothing else can be done; whether there was any.
    fn absorb(&mut self) -> Result<bool> {
        for step in &mut self.steps {
            if step.absorb(&self.watch)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Does what can be done while an exit is full: what waits in a queue is taken nevertheless.
    fn held_back(&mut self) -> Result<PipelineTurn> {
        let PipelineHead::SpillQueue(spool) = &mut self.head else { return Ok(PipelineTurn::Blocked) };
        self.watch.enter(spool.operator);
        Ok(if spool.take_in()? { PipelineTurn::Worked } else { PipelineTurn::Blocked })
    }

    /// Sends what waits at all exits, also behind one that is blocked; whether all of it went.
    fn flush(&mut self) -> bool {
        let went = self.exits.iter_mut().fold(true, |went, exit| exit.flush() & went);
        self.with_others.iter().fold(went, |went, &step| self.steps[step].flush() & went)
    }

    /// Gives the exits what the last step has.
    fn feed_exits(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Page(page) => self.leaving = self.hand_over(page),
            Item::Control(control) => {
                self.exits.iter_mut().for_each(|exit| exit.say(control, &self.watch));
                self.has_ended = control == Control::End;
                if let (Control::Barrier(epoch), Some(snapshots)) = (control, &mut self.snapshots) {
                    snapshots.left(epoch)?;
                }
            }
        }
        Ok(())
    }

    /// Sends a page on as it is where the only exit can take it; else its rows are to be written.
    fn hand_over(&mut self, page: Page) -> Option<Rows> {
        let page = match self.exits.as_mut_slice() {
            [] => return None,
            [exit] => exit.take_page(page, &self.watch)?,
            _ => page,
        };
        Some(Rows::all(0, Data::Page(page)))
    }

    /// Looks for something that a step could work on.
    fn feed(&mut self, index: usize) -> Result<Option<PipelineTurn>> {
        let (before, rest) = self.steps.split_at_mut(index);
        let Some(step) = rest.first_mut() else { return Ok(None) };
        if let Some(rows) = step.absorbing.take() {
            step.work = Some(Work::Rows(rows));
            return Ok(Some(PipelineTurn::Worked));
        }
        if !step.driver.streams_first() && step.take_side()? {
            return Ok(Some(PipelineTurn::Worked));
        }
        let wants_rows = step.driver.wants(step.port);
        if let Some(rows) = step.passed.take_if(|_| wants_rows) {
            step.take_rows(STREAM, rows);
            return Ok(Some(PipelineTurn::Worked));
        }
        if step.inputs.has_ended() {
            return Ok(None);
        }
        if step.inputs.is_held(STREAM) {
            // What is missing comes by the sides.
            return Ok(Some(PipelineTurn::Blocked));
        }
        let Some(before) = before.last_mut() else { return Ok(None) };
        if let Some(item) = before.ready.pop(wants_rows)? {
            step.take(STREAM, item)?;
            return Ok(Some(PipelineTurn::Worked));
        }
        // The sides come first until they have sent all. In a loop they may wait for a control item of
        // a step before: that step continues until it has an item for this one.
        let sides_speak = (0..step.sides.len()).any(|side| !step.inputs.is_held(STREAM + 1 + side));
        let waits = !wants_rows && sides_speak && (step.renewal.is_none() || !before.ready.is_empty());
        let waits = waits || step.passed.is_some();
        Ok(waits.then_some(PipelineTurn::Blocked))
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
    fn feed_head(&mut self) -> Result<PipelineTurn> {
        self.note_time();
        let wants_rows = self.steps.first().is_none_or(|first| first.driver.wants(first.port));
        // What the head's rows come to first.
        let inline: &mut [InlineStep] = match (self.steps.as_mut_slice(), self.exits.as_mut_slice()) {
            ([first, ..], _) => &mut first.inline,
            ([], [exit]) => &mut exit.inline,
            ([], _) => &mut [],
        };
        let progress = self.head.advance(wants_rows, inline, &self.watch)?;
        let filtered = self.head.filtered(inline);
        let waits = matches!(progress, HeadProgress::Nothing);
        if let Some(operator) = self.head.timed_operator().filter(|_| !waits) {
            self.watch.enter(operator);
            self.busy.count_for(operator);
        }
        if let (HeadProgress::Control(Control::Barrier(epoch)), Some(snapshots)) = (&progress, &mut self.snapshots) {
            self.head.positions().map_or(Ok(()), |positions| snapshots.source_passed(*epoch, positions))?;
        }
        match (progress, self.steps.first_mut()) {
            (HeadProgress::Nothing, _) => return Ok(PipelineTurn::Blocked),
            (HeadProgress::Later, _) => {}
            (HeadProgress::Rows(data), Some(first)) => {
                first.take_rows(STREAM, Rows::all(first.port, data).behind(filtered));
            }
            (HeadProgress::Control(control), Some(first)) => first.take(STREAM, Item::Control(control))?,
            (HeadProgress::Rows(Data::Page(page)), None) => self.feed_exits(Item::Page(page))?,
            (HeadProgress::Rows(data), None) => {
                self.leaving = (!self.exits.is_empty()).then(|| Rows::all(0, data).behind(filtered));
            }
            (HeadProgress::Control(control), None) => self.feed_exits(Item::Control(control))?,
        }
        Ok(PipelineTurn::Worked)
    }

    /// Works on what a step has, until output is full, rows pass on, or it is done.
    fn run(&mut self, index: usize) -> Result<PipelineTurn> {
        let step = &mut self.steps[index];
        let operator = step.operator;
        self.busy.count_for(operator);
        match step.work.take() {
            None => Ok(PipelineTurn::Worked),
            Some(Work::Rows(rows)) => self.run_rows(index, rows),
            Some(Work::RoundEnd { input, round, cursor }) => {
                self.watch.enter(operator);
                let progress = step.end_round(input, round, cursor)?;
                self.said(index, progress, None)
            }
            Some(Work::End { input, cursor }) => {
                self.watch.enter(operator);
                let progress = step.end_input(input, cursor)?;
                self.said(index, progress, None)
            }
            Some(Work::Control { control, cursor }) => {
                self.watch.enter(operator);
                let progress = step.pass_control(control, cursor)?;
                self.said(index, progress, Some(control))
            }
        }
    }

    /// A driver was told something: what it gave by that goes on, and behind it, once it is done, what it was told.
    fn said(&mut self, index: usize, progress: Progress, control: Option<Control>) -> Result<PipelineTurn> {
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
        Ok(if progress == Progress::Pending { PipelineTurn::Blocked } else { PipelineTurn::Worked })
    }

    fn run_rows(&mut self, index: usize, mut rows: Rows) -> Result<PipelineTurn> {
        let port = self.steps[index].port;
        let (turn, passed) = {
            let step = &mut self.steps[index];
            let batch = batch_of(&rows.data, &self.head)?;
            let viewed_batch = rows.view.as_ref().map(|view| batch.project(view));
            drive(step, viewed_batch.as_ref().unwrap_or(&batch), (rows.port, rows.filtered), &mut rows.at, &self.watch)?
        };
        match turn {
            DriveResult::Exhausted => {
                self.steps[index].collect_all(&self.watch)?;
                if let (Data::Page(page), true) = (rows.data, rows.port == port)
                    && let Some(before) = index.checked_sub(1)
                {
                    self.steps[before].outputs.pages().recycle(page);
                }
                Ok(PipelineTurn::Worked)
            }
            DriveResult::Stopped => {
                if let Some(window) = passed {
                    self.pass_on(index, &rows, window);
                }
                self.steps[index].collect(&self.watch)?;
                self.steps[index].work = Some(Work::Rows(rows));
                Ok(PipelineTurn::Worked)
            }
            DriveResult::Awaits => {
                self.steps[index].work = Some(Work::Rows(rows));
                Ok(PipelineTurn::Blocked)
            }
        }
    }

    /// Gives rows that passed a step to what follows, where they lie.
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
                if next.driver.wants(next.port) { next.take_rows(STREAM, rows) } else { next.passed = Some(rows) }
            }
            None if self.exits.is_empty() => {}
            None => self.leaving = Some(passed),
        }
    }

    /// Writes the next window of what leaves.
    fn leave(&mut self) -> Result<PipelineTurn> {
        let Some(mut rows) = self.leaving.take() else { return Ok(PipelineTurn::Worked) };
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
        Ok(PipelineTurn::Worked)
    }
}

fn batch_of<'d>(data: &'d Data, head: &'d PipelineHead) -> Result<Batch<'d>> {
    match data {
        Data::Page(page) => Ok(page.batch()),
        Data::Source => head.batch(),
    }
}
