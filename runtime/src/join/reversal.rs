//! Role reversal while a join runs: where the side that the plan builds has many rows and the other side few, the other side is built.
//!
//! ```text
//!  Collect   the first rows of the build side go into the table; a build side that ends by then is small, and is built
//!  Compare   beyond so many rows, rows of the other side are taken too, and kept in plain pages
//!              the other side ends          the roles are reversed: its rows are built; the rows in the table, and those
//!                                           that follow them, look for partners
//!              it has as many rows          the plan was right, or is not worth changing: the kept rows look for
//!                                           partners once the table is built
//!              the build side ends, or memory is refused or asked back     as above
//! ```
//! A plan that was right loses a copy of the few rows that came early. A plan that was wrong by far, because of a hint that lies or decisions that are
//! out of date, loses one lookup for each row of the larger side, in place of a table of them. Sides that are both large are joined as planned.
//!
//! Where memory is refused, the build side is cut into parts as ever, and rows that came early wait on disk until they look for partners.
//!
//! While a join compares it takes rows of the other side first (`Demand::prefers_stream`), and rows of the build side where there are none: so a small
//! side is seen in time, a slow one holds the build side back by nothing, and the end of the build side is as good an end of the comparison as any.
//! Two branches of one flow that meet at the join cannot hold each other up: the optimizer spools them, whichever is taken first (`optimizer::branches`).
//!
//! **Tasks that build one table together reverse together, or not at all**: a task whose table is of its own part of the other side needs all rows of
//! the build side, the others' tables need each task's share. So a task collects all rows, not its share, until the roles are settled. Each task votes
//! once; the first vote to keep the roles settles it, and the roles are reversed when all have voted for it. A task that keeps the roles adds the rows
//! of its share once more. Where they are reversed, each task looks up all rows of the larger side: a lookup in a small table takes less than telling
//! by a row's hash whether another task has it. What has no partner does not come any more, once all tasks have told a runtime filter their keys
//! (`DriverFactory::filtered`).
//!
//! A task that compares there takes no rows of the build side, which would soon be all of them in each task. This holds back no other task: whatever
//! rows it has taken come to all tasks, so all of them have as many, and compare too. A task waits for votes only when its other side has ended, with
//! all steps before the join; steps behind it have their turn before it.
//!
//! *Role reversal* (Graefe, Query Evaluation Techniques, 1993) for what comes from inputs; `spilled` has it for what comes back from disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::join::build::CUT_BYTES;
use crate::join::side::BuildSide;
use crate::join::spilled::STREAM_AHEAD;
use crate::join::{HybridHashJoin, JoinEmitter, ProbePhase, Stage};
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Page, RowWriter, Selection};
use crate::rendezvous::Rendezvous;
use crate::spill::{Spilled, SpilledReader, Spiller};
use crate::strategy::{Cursor, Progress, ready};

/// So many rows of the build side are collected before the other side is looked at, and as many rows of the other side are kept at most: few enough to be written twice unnoticed.
pub(crate) const TRIAL_ROWS: usize = 1 << 14;

/// The most that a task collects of a build side that all tasks receive: until the roles are settled each task has a copy of its own.
const COLLECTED_BYTES: usize = 4 << 20;

/// What a task says of the roles, where all tasks have to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vote {
    Keep,
    Reverse,
}

/// A join that has not settled which side it builds.
pub(super) struct Trial {
    /// As [`TRIAL_ROWS`].
    rows: usize,
    /// Whether the other side is looked at.
    compares: bool,
    /// Where tasks build one table together: where they vote.
    poll: Option<VotePoll>,
}

struct VotePoll {
    votes: Arc<Rendezvous<Vote>>,
    context: TaskContext,
    has_voted: bool,
}

impl VotePoll {
    fn vote(&mut self, vote: Vote) {
        if !std::mem::replace(&mut self.has_voted, true) {
            self.votes.say(&self.context, vote);
        }
    }

    /// What is settled; the task is woken by the next vote where nothing is.
    fn settled(&self) -> Option<Vote> {
        self.votes.wait(&self.context, |votes| {
            let keeps = votes.contains(&Some(Vote::Keep)).then_some(Vote::Keep);
            keeps.or(votes.iter().all(Option::is_some).then_some(Vote::Reverse))
        })
    }
}

impl Trial {
    /// Whether rows of the build side, or of the other one, may come.
    pub(super) fn wants(&self, is_build: bool) -> bool {
        match &self.poll {
            _ if !self.compares => is_build,
            None => true,
            Some(poll) => is_build == (poll.settled() == Some(Vote::Keep)),
        }
    }
}

/// Rows that came before there was a table to look them up in.
#[derive(Default)]
pub(super) struct EarlyRows {
    writer: Option<RowWriter>,
    pages: VecDeque<Page>,
    /// Pages that went to disk when memory was refused or asked back, and what reads them.
    spilled: Spilled,
    /// What writes them: another one than the join's, which lends its own to other tasks.
    spiller: Option<Spiller>,
    reader: Option<SpilledReader>,
    /// Whether the rows lie as in a table, since they were in one.
    are_linked: bool,
    rows: usize,
    /// The first page's next row to look up.
    next: usize,
    /// Where the [`JoinEmitter`] stands with it.
    cursor: Cursor,
    /// Whether no more rows of their side follow.
    pub(super) have_ended: bool,
}

impl EarlyRows {
    /// What reading takes of what is on disk.
    pub(super) fn stream_bytes(&self) -> usize {
        (STREAM_AHEAD + 1) * self.spilled.largest_page_bytes()
    }

    /// Sends closed pages to disk.
    pub(super) fn spill(&mut self) {
        if let Some(spiller) = self.spiller.as_mut().filter(|_| !self.pages.is_empty()) {
            spiller.write(&mut self.spilled, self.pages.drain(..));
        }
    }

    /// Whether pages are still in memory that are being written; the task is woken when they are.
    pub(super) fn are_being_written(&self) -> Result<bool> {
        let Some(spiller) = &self.spiller else { return Ok(false) };
        spiller.check()?;
        Ok(spiller.unwritten_bytes() > 0)
    }

    fn into_pages(mut self) -> VecDeque<Page> {
        self.seal();
        self.pages
    }

    fn seal(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            writer.seal();
            self.pages.extend(writer.take_sealed());
        }
    }
}

impl HybridHashJoin {
    /// The same join, which builds the other side where that ends within so many rows and the side to build has more.
    #[must_use]
    pub(crate) fn reversing(self, rows: usize, context: &TaskContext) -> Self {
        let poll = self.shared.is_some().then(|| VotePoll {
            votes: context.shared(|| Rendezvous::of(context.subtasks)),
            context: context.clone(),
            has_voted: false,
        });
        let early = EarlyRows { spiller: Some(context.spiller()), ..EarlyRows::default() };
        HybridHashJoin { trial: Some(Trial { rows, compares: false, poll }), early, ..self }
    }

    /// Whether the task has voted to reverse the roles, and can take that back no more.
    pub(super) fn has_voted(&self) -> bool {
        let poll = self.trial.as_ref().and_then(|trial| trial.poll.as_ref());
        poll.is_some_and(|poll| poll.has_voted)
    }

    /// Whether it looks at the other side to settle which side it builds.
    pub(crate) fn compares(&self) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.compares)
    }

    /// Rows of the side that is to be built.
    pub(super) fn collect(&mut self, input: &Input<'_>) -> Result<Progress> {
        ready!(self.add_again()?);
        ready!(self.add(self.build_side, input)?);
        let is_shared = self.shared.is_some();
        let Some(trial) = &mut self.trial else { return Ok(Progress::Done) };
        trial.compares |= self.built.table.len() >= trial.rows;
        if is_shared && self.built.table.bytes() > COLLECTED_BYTES {
            self.keep_roles();
        }
        Ok(Progress::Done)
    }

    /// Rows of the other side, before there is a table.
    pub(super) fn collect_early(&mut self, input: &Input<'_>) -> Result<Progress> {
        let other = 1 - self.build_side;
        let kept = self.sides[other].worth_keeping(input);
        let input = &kept.as_ref().map_or(*input, |kept| Input::new(input.batch(), kept));
        let new = || RowWriter::new(self.layouts[other].plain.clone(), self.disk.memory.clone());
        let bytes = self.early.writer.get_or_insert_with(new).fitting(input, None, usize::MAX).1;
        if self.trial.is_some() && !self.disk.try_reserve(bytes + self.built.table.build_bytes(0) + CUT_BYTES) {
            self.keep_roles();
        }
        if self.trial.is_none() {
            ready!(self.add_again()?);
            ready!(self.room_to_collect(bytes)?);
        }
        let early = &mut self.early;
        if let Some(writer) = &mut early.writer {
            writer.append(input, None)?;
            early.pages.extend(writer.take_sealed());
            early.rows += input.len();
        }
        if self.parts.is_some() {
            early.spill();
        }
        if self.trial.as_ref().is_some_and(|trial| self.early.rows > trial.rows) {
            self.keep_roles();
        }
        Ok(Progress::Done)
    }

    /// The end of the other side, before there is a table: reverses the roles, unless they are to be kept.
    pub(super) fn end_early(&mut self) -> Result<Progress> {
        self.early.have_ended = true;
        let Some(trial) = &mut self.trial else { return Ok(Progress::Done) };
        let settled = trial.poll.as_mut().map_or(Some(Vote::Reverse), |poll| {
            poll.vote(Vote::Reverse);
            poll.settled()
        });
        match settled {
            None => return Ok(Progress::Pending),
            Some(Vote::Keep) => self.keep_roles(),
            Some(Vote::Reverse) => self.reverse_roles()?,
        }
        Ok(Progress::Done)
    }

    /// Settles that the side is built that the plan builds. Of a table for all tasks, this task has more than its share by now.
    pub(super) fn keep_roles(&mut self) {
        let Some(trial) = self.trial.take() else { return };
        if let Some(mut poll) = trial.poll {
            poll.vote(Vote::Keep);
            self.again = self.built.table.take_pages().into();
        }
    }

    /// Settles that the other side is built, of which all rows are there.
    fn reverse_roles(&mut self) -> Result<()> {
        let other = 1 - self.build_side;
        let empty = BuildSide::new(&self.sides, other, &self.disk.memory)?;
        let mut before = std::mem::replace(&mut self.built, empty);
        let (pages, spiller) = (before.table.take_pages().into(), self.early.spiller.take());
        let early = EarlyRows { pages, spiller, are_linked: true, ..EarlyRows::default() };
        self.again = std::mem::replace(&mut self.early, early).into_pages();
        (self.trial, self.shared, self.build_side) = (None, None, other);
        self.metrics.reversals.add(1);
        Ok(())
    }

    /// Adds rows that lie in pages to the side that is built.
    pub(super) fn add_again(&mut self) -> Result<Progress> {
        while let Some(page) = self.again.front().cloned() {
            let mut window = Selection::default();
            while self.again_next < page.rows() {
                let end = window.fill(self.again_next..page.rows());
                ready!(self.add(self.build_side, &Input::new(&page.batch(), &window))?);
                self.again_next = end;
            }
            self.again.pop_front();
            self.again_next = 0;
        }
        Ok(Progress::Done)
    }

    /// Takes rows that came early past the table.
    pub(super) fn probe_early(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        debug_assert!(self.stage == Stage::Probe);
        self.early.seal();
        if self.early.pages.is_empty() {
            ready!(self.read_early()?);
        }
        let Some(page) = self.early.pages.front().cloned() else { return Ok(Progress::Done) };
        let mut window = Selection::default();
        while self.early.next < page.rows() {
            let end = window.fill(self.early.next..page.rows());
            let (input, mut cursor) = (page.batch(), self.early.cursor);
            let input = Input::new(&input, &window);
            let progress = self.probe(emitter, &input, ProbePhase::Disk, &mut cursor, out)?;
            self.early.cursor = cursor;
            ready!(progress);
            (self.early.cursor, self.early.next) = (0, end);
        }
        self.early.pages.pop_front();
        self.early.next = 0;
        // Others may have a turn.
        Ok(Progress::Yield)
    }

    /// Reads the next page of the rows that came early, if one is on disk: they are written before parts are ([`HybridHashJoin::distribute`]).
    fn read_early(&mut self) -> Result<Progress> {
        if !self.early.spilled.is_empty() {
            let layouts = &self.layouts[1 - self.build_side];
            let layout = if self.early.are_linked { &layouts.linked } else { &layouts.plain };
            let spilled = std::mem::take(&mut self.early.spilled);
            let read = |spiller: &Spiller| spiller.read(spilled, layout, STREAM_AHEAD, &self.disk.memory);
            self.early.reader = self.early.spiller.as_ref().map(read);
        }
        match self.early.reader.as_mut().map(SpilledReader::poll).transpose()? {
            Some(Poll::Ready(Some(page))) => self.early.pages.push_back(page),
            Some(Poll::Pending) => return Ok(Progress::Pending),
            Some(Poll::Ready(None)) | None => self.early.reader = None,
        }
        Ok(Progress::Done)
    }
}
