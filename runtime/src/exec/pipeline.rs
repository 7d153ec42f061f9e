//! One task of a stage: its head, its steps, its exits.
//!
//! The deepest step that has something to do goes first, so rows are used while they are hot, and at most one page lies between two
//! steps. What a step works on is kept as data (`Work`), not on a stack, so a task can stop after any window.

mod head;
mod step;
#[cfg(test)]
mod tests;
mod windows;

use std::time::{Duration, Instant};

use super::channel::Received;
use super::exits::Exit;
use super::inline::{Watch, projected_leaves};
use crate::error::{Origin, Result};
use crate::page::{Page, Selection};
use crate::strategy::{Cursor, Progress, Round};
pub(super) use head::PipelineHead;
use head::Taken;
use step::{DriveResult, Work, drive};
pub(super) use step::{Side, Step};
use windows::{Data, Rows, Windows};

/// A task gives its thread back after this long.
const SLICE: Duration = Duration::from_millis(5);

/// A bounded input is one round.
const ONLY_ROUND: Round = Round { number: 1, last: true };

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
    sealed: bool,
    watch: Watch,
    head_ended: bool,
    /// Steps, from the first, that somebody behind them wants nothing from any more.
    stopped: usize,
}

impl Pipeline {
    pub(super) fn new(head: PipelineHead, steps: Vec<Step>, exits: Vec<Exit>, watch: Watch) -> Self {
        Pipeline { head, steps, exits, leaving: None, sealed: false, watch, head_ended: false, stopped: 0 }
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
        loop {
            match self.turn()? {
                PipelineTurn::Blocked => return Ok(if gives { Poll::Yield } else { Poll::Wait }),
                PipelineTurn::Ended => {
                    self.count_memory();
                    return Ok(Poll::Ended);
                }
                PipelineTurn::Worked if self.watch.job.is_cancelled() => return Ok(Poll::Ended),
                PipelineTurn::Worked if started.elapsed() > SLICE => return Ok(Poll::Yield),
                PipelineTurn::Worked => {}
            }
        }
    }

    /// Notes the most that each step's driver held, or what waited in a spool.
    fn count_memory(&self) {
        self.steps.iter().for_each(|step| step.count_memory(&self.watch));
        if let PipelineHead::SpillQueue(spool) = &self.head {
            self.watch.job.metrics.operators[spool.operator].memory_bytes.add(spool.peak_bytes() as u64);
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
        if self.leaving.is_some() {
            return self.leave();
        }
        if let Some(turn) = self.feed_exits() {
            return Ok(turn);
        }
        for step in (0..self.steps.len()).rev() {
            if self.steps[step].driver.is_satisfied() {
                self.stop_before(step);
            }
            if self.steps[step].work.is_some() {
                return self.run(step);
            }
            if let Some(turn) = self.feed(step) {
                return Ok(turn);
            }
        }
        self.feed_head()
    }

    /// Stops what comes before a step that has enough, if all of it may stop: what counts, keeps, or speaks to other tasks goes on to its end.
    fn stop_before(&mut self, index: usize) {
        if self.stopped > index {
            return;
        }
        self.stopped = index + 1;
        // The step itself may have a filter before it that counts.
        if !self.head.may_stop() || !self.steps[..=index].iter().all(|step| step.may_stop) {
            return;
        }
        self.steps[..index].iter_mut().for_each(|step| step.stop(&self.watch));
        self.head.stop();
    }

    /// Ends the task where nobody takes what it gives, if all of it may stop; whether it does.
    fn stop_unwanted(&mut self) -> bool {
        let is_unwanted = !self.exits.is_empty() && self.exits.iter().all(Exit::is_closed);
        let stops = is_unwanted && self.head.may_stop() && self.steps.iter().all(|step| step.may_stop);
        if stops {
            self.steps.iter_mut().for_each(|step| step.stop(&self.watch));
            self.head.stop();
        }
        stops
    }

    /// Does what can be done while an exit is full: a spool takes what comes nevertheless.
    fn held_back(&mut self) -> Result<PipelineTurn> {
        let PipelineHead::SpillQueue(spool) = &mut self.head else { return Ok(PipelineTurn::Blocked) };
        self.watch.enter(spool.operator);
        Ok(if spool.take_in()? { PipelineTurn::Worked } else { PipelineTurn::Blocked })
    }

    fn flush(&mut self) -> bool {
        // Every exit is flushed, also behind one that is blocked.
        let blocked = self.exits.iter_mut().filter_map(|exit| (!exit.flush()).then_some(())).count();
        blocked == 0
    }

    /// Gives the exits what the last step has, or closes them.
    fn feed_exits(&mut self) -> Option<PipelineTurn> {
        if self.sealed {
            return Some(PipelineTurn::Ended);
        }
        let page = self.steps.last_mut().and_then(|last| last.ready.pop_front());
        if let Some(page) = page {
            self.leaving = self.hand_over(page);
            return Some(PipelineTurn::Worked);
        }
        if self.steps.last().map_or(self.head_ended, Step::finished) {
            self.exits.iter_mut().for_each(|exit| exit.seal(&self.watch));
            self.sealed = true;
            // Ends are said when everything before them is sent.
            return Some(self.close());
        }
        None
    }

    fn close(&mut self) -> PipelineTurn {
        if self.flush() {
            self.exits.iter().for_each(Exit::end);
            PipelineTurn::Ended
        } else {
            self.sealed = false;
            PipelineTurn::Blocked
        }
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
    fn feed(&mut self, index: usize) -> Option<PipelineTurn> {
        let (before, rest) = self.steps.split_at_mut(index);
        let step = rest.first_mut()?;
        for side in step.sides.iter_mut().filter(|side| !side.ended) {
            if !step.driver.wants(side.port) {
                continue;
            }
            match side.inbox.receive() {
                Received::Page(page) => {
                    step.work = Some(Work::Rows(Rows::all(side.port, Data::Page(page))));
                    return Some(PipelineTurn::Worked);
                }
                Received::End => {
                    side.ended = true;
                    step.work = Some(Work::RoundEnd { port: side.port, cursor: 0 });
                    return Some(PipelineTurn::Worked);
                }
                Received::Nothing => {}
            }
        }
        if step.stream_ended {
            // What is missing comes by the sides.
            return Some(PipelineTurn::Blocked);
        }
        if !step.driver.wants(step.port) {
            return Some(PipelineTurn::Blocked);
        }
        let before = before.last_mut()?;
        if let Some(page) = before.ready.pop_front() {
            step.work = Some(Work::Rows(Rows::all(step.port, Data::Page(page))));
            return Some(PipelineTurn::Worked);
        }
        if before.finished() {
            step.stream_ended = true;
            step.work = Some(Work::RoundEnd { port: step.port, cursor: 0 });
            return Some(PipelineTurn::Worked);
        }
        None
    }

    /// Takes from the head.
    fn feed_head(&mut self) -> Result<PipelineTurn> {
        let data = match self.head.take(&self.watch)? {
            Taken::Rows(data) => Some(data),
            Taken::End => None,
            Taken::Later => return Ok(PipelineTurn::Worked),
            Taken::Nothing => return Ok(PipelineTurn::Blocked),
        };
        match (self.steps.first_mut(), data) {
            (Some(first), Some(data)) => first.work = Some(Work::Rows(Rows::all(first.port, data))),
            (Some(first), None) => {
                first.stream_ended = true;
                first.work = Some(Work::RoundEnd { port: first.port, cursor: 0 });
            }
            (None, Some(Data::Page(page))) => self.leaving = self.hand_over(page),
            (None, Some(data)) => self.leaving = (!self.exits.is_empty()).then(|| Rows::all(0, data)),
            (None, None) => self.head_ended = true,
        }
        Ok(PipelineTurn::Worked)
    }

    /// Works on what a step has, until output is full, rows pass on, or it is done.
    fn run(&mut self, index: usize) -> Result<PipelineTurn> {
        let started = Instant::now();
        let step = &mut self.steps[index];
        let operator = step.operator;
        let turn = match step.work.take() {
            None => PipelineTurn::Worked,
            Some(Work::Rows(rows)) => self.run_rows(index, rows)?,
            Some(Work::RoundEnd { port, cursor }) => self.run_round_end(index, port, cursor)?,
        };
        let nanos = started.elapsed().as_nanos() as u64;
        self.watch.job.metrics.operators[operator].busy_nanos.add(nanos);
        Ok(turn)
    }

    fn run_round_end(&mut self, index: usize, port: usize, mut cursor: Cursor) -> Result<PipelineTurn> {
        let step = &mut self.steps[index];
        self.watch.enter(step.operator);
        let progress = step.driver.on_round_end(port, ONLY_ROUND, &mut cursor, &mut step.outputs)?;
        if progress == Progress::Done {
            step.outputs.pages().seal();
        } else {
            step.work = Some(Work::RoundEnd { port, cursor });
        }
        self.collect(index);
        Ok(if progress == Progress::Pending { PipelineTurn::Blocked } else { PipelineTurn::Worked })
    }

    /// Moves a step's closed pages to where the next step takes them.
    fn collect(&mut self, index: usize) {
        let step = &mut self.steps[index];
        let before = step.ready.len();
        step.ready.extend(step.outputs.pages().take_sealed());
        let rows: usize = step.ready.iter().skip(before).map(Page::rows).sum();
        step.count_out(rows, &self.watch);
    }

    fn run_rows(&mut self, index: usize, mut rows: Rows) -> Result<PipelineTurn> {
        let port = self.steps[index].port;
        let (turn, passed) = {
            let step = &mut self.steps[index];
            let batch = self.head.batch_of(&rows.data)?;
            let viewed_batch = rows.view.as_ref().map(|view| batch.project(view));
            drive(step, viewed_batch.as_ref().unwrap_or(&batch), rows.port, &mut rows.at, &self.watch)?
        };
        match turn {
            DriveResult::Exhausted => {
                self.steps[index].outputs.pages().seal();
                self.collect(index);
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
                self.collect(index);
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
        let passed = Rows { port: 0, data, view, at: Windows::given(window) };
        match self.steps.get_mut(index + 1) {
            Some(next) => next.work = Some(Work::Rows(Rows { port: next.port, ..passed })),
            None if self.exits.is_empty() => {}
            None => self.leaving = Some(passed),
        }
    }

    /// Writes the next window of what leaves.
    fn leave(&mut self) -> Result<PipelineTurn> {
        let Some(mut rows) = self.leaving.take() else { return Ok(PipelineTurn::Worked) };
        let done = {
            let batch = self.head.batch_of(&rows.data)?;
            let with_projection = rows.view.as_ref().map(|view| batch.project(view));
            let batch = with_projection.as_ref().unwrap_or(&batch);
            let more = rows.at.advance(batch.rows());
            if more {
                for exit in &mut self.exits {
                    exit.write(batch, &rows.at.window, &self.watch)?;
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
