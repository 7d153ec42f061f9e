//! Pairs of parts on disk, and how they are joined one after the other.
//!
//! **The last resort is a nested loop over blocks.** Hashing cannot cut one key, so where a part does not get smaller, a block of one side is a
//! table and all of the other side streams past it, block after block: constant memory, whatever the keys, and never an error. The side whose rows
//! are asked for their partners one by one (the left side of a left join) is the one in blocks, so the table's own marks answer and nothing is
//! remembered of rows that stream by. A full join asks both sides and goes over them twice, the second time only to mark. A join without keys is
//! such a loop from the start.

use std::task::Poll;

use crate::error::Result;
use crate::join::side::BuildSide;
use crate::join::table::JoinTable;
use crate::join::{HybridHashJoin, JoinEmitter, ProbePhase, Stage};
use crate::kernel::Outputs;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, Page, Selection};
use crate::spill::{Spilled, SpilledReader};
use crate::strategy::{Progress, ready};

/// Parts are cut again so many times before their sides are taken block by block: 16^5 parts are enough for any disk.
const MOST_CUTS: u32 = 4;

/// Pages of a stream that are on their way while one is at work, at least.
pub(super) const STREAM_AHEAD: usize = 2;

/// As many where there is memory for them: a page is joined in less time than it takes to be read.
const MOST_AHEAD: usize = 16;

/// Pages that are read into a table before the thread is given back.
const PAGES_A_CALL: usize = 64;

/// Blocks that are better than cutting both sides again: that reads and writes all rows, and reads them once more.
const FEW_BLOCKS: usize = 3;

/// The rows of both sides that one part of their keys has.
pub(crate) struct PartitionPair {
    sides: [Spilled; 2],
    /// The side whose rows lie as in a table; the other's are plain.
    linked: usize,
    /// How often they were cut.
    level: u32,
    /// The bytes of the side that was built, before it was cut.
    whole: u64,
}

impl PartitionPair {
    /// One of the parts into which sides were cut of which this one was built, and had `whole` bytes.
    pub(crate) fn new(sides: [Spilled; 2], built: usize, level: u32, whole: u64) -> Self {
        PartitionPair { sides, linked: built, level, whole }
    }

    /// What is on disk of both sides.
    pub(super) fn bytes(&self) -> u64 {
        self.sides.iter().map(Spilled::bytes).sum()
    }

    /// Adds rows of the same part of their keys.
    pub(super) fn append(&mut self, other: PartitionPair) {
        self.whole += other.whole;
        self.sides.iter_mut().zip(other.sides).for_each(|(side, more)| side.append(more));
    }

    /// Whether cutting them again would not help: the smaller side is hardly smaller than before.
    fn is_stuck(&self) -> bool {
        self.sides[self.smaller()].bytes() > self.whole / 2
    }

    /// The side with fewer bytes.
    fn smaller(&self) -> usize {
        usize::from(self.sides[1].bytes() < self.sides[0].bytes())
    }
}

/// How a pair is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SpillPlan {
    /// One side is a table.
    Whole,
    /// Both sides are cut again.
    Repartition,
    /// One side is a table, block by block.
    Blocks,
    /// As `Blocks`, when all pairs have been given: what is left is which rows have none.
    Marks,
}

/// A pair that is read back.
pub(crate) struct SpilledJoin {
    how: SpillPlan,
    level: u32,
    /// The side that is built, until its end.
    build: Option<SpilledReader>,
    /// The other side.
    stream: Option<SpilledReader>,
    /// Both sides, where they are read more than once.
    sides: [Spilled; 2],
    /// As [`PartitionPair::linked`].
    linked: usize,
    /// Of each side.
    largest_pages: [usize; 2],
    /// Pages of the other side that are read ahead.
    ahead: usize,
    /// How often it has streamed by.
    streams: u64,
    /// The page that streams by, and its next row.
    page: Option<(Page, usize)>,
}

impl SpilledJoin {
    /// What reading the side that streams takes, where `built` is the other.
    pub(crate) fn stream_bytes(&self, built: usize) -> usize {
        (STREAM_AHEAD + 1) * self.largest_pages[1 - built]
    }

    /// Whether memory that was taken ahead can be given back while it is read.
    pub(crate) fn is_repartition(&self) -> bool {
        self.how == SpillPlan::Repartition
    }
}

impl HybridHashJoin {
    /// Goes on until all that is on disk is joined.
    pub(crate) fn go_on(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        loop {
            ready!(match self.stage {
                Stage::Build => self.load()?,
                Stage::Probe => self.stream(emitter, out)?,
                Stage::Finish => self.finish(emitter, out)?,
                Stage::Next => {
                    ready!(self.exchange_pairs()?);
                    if self.pending.is_empty() {
                        return Ok(Progress::Done);
                    }
                    self.next()?
                }
            });
        }
    }

    /// Begins with the next pair.
    fn next(&mut self) -> Result<Progress> {
        // What is read must be written.
        if self.disk.is_writing()? {
            return Ok(Progress::Pending);
        }
        let Some(pending) = self.pending.pop() else { return Ok(Progress::Done) };
        let smaller = pending.smaller();
        let (small, large) = (&pending.sides[smaller], &pending.sides[1 - smaller]);
        if small.is_empty() && !self.sides[1 - smaller].keeps {
            pending.sides.into_iter().for_each(|side| self.disk.spiller.forget(side));
            return Ok(Progress::Done);
        }
        let (rows, bytes) = (small.rows() as usize, small.bytes() as usize);
        let is_linked = smaller == pending.linked;
        // Plain rows are copied, from pages on their way.
        let copied =
            || self.layouts[smaller].linked_bytes(rows, bytes) + (STREAM_AHEAD + 1) * small.largest_page_bytes();
        let table = JoinTable::index_bytes(rows) + if is_linked { bytes } else { copied() };
        let room = |share: usize, ahead: usize| table / share + (ahead + 1) * large.largest_page_bytes();
        let ahead = [MOST_AHEAD, MOST_AHEAD / 4, STREAM_AHEAD].into_iter();
        let mut fits = ahead.filter(|&ahead| self.disk.memory.try_reserve(room(1, ahead)));
        if let Some(ahead) = fits.next() {
            return self.begin(SpillPlan::Whole, smaller, pending, ahead);
        }
        let can_cut = !self.sides[0].key.is_empty() && !pending.is_stuck() && pending.level <= MOST_CUTS;
        // Rows that stream by are not asked whether they have a partner, or they would have to be built.
        let are_few = !self.sides[1 - smaller].keeps && self.disk.memory.try_reserve(room(FEW_BLOCKS, STREAM_AHEAD));
        if can_cut && !are_few {
            return self.begin(SpillPlan::Repartition, smaller, pending, STREAM_AHEAD);
        }
        let asked = self.sides.iter().position(|side| side.keeps);
        let build = if self.sides[smaller].keeps { smaller } else { asked.unwrap_or(smaller) };
        self.begin(SpillPlan::Blocks, build, pending, STREAM_AHEAD)
    }

    /// Begins to read a pair.
    fn begin(&mut self, how: SpillPlan, build: usize, pending: PartitionPair, ahead: usize) -> Result<Progress> {
        let PartitionPair { mut sides, linked, level, .. } = pending;
        let largest_pages = [0, 1].map(|side| sides[side].largest_page_bytes());
        // All pages of a table stay: those that come early take nothing more.
        let build_ahead = if how == SpillPlan::Whole && build == linked { MOST_AHEAD } else { STREAM_AHEAD };
        let build_reader = self.reader(how, (build, linked), &mut sides, build_ahead);
        self.built = BuildSide::new(&self.sides, build, &self.disk.memory)?;
        (self.level, self.stage, self.cursor) = (level, Stage::Build, 0);
        self.spilled_join = Some(SpilledJoin {
            how,
            level,
            build: Some(build_reader),
            stream: None,
            sides,
            linked,
            largest_pages,
            ahead,
            streams: 0,
            page: None,
        });
        self.disk.memory.set_revocable(how == SpillPlan::Repartition);
        if how == SpillPlan::Repartition {
            self.cut();
        }
        Ok(Progress::Done)
    }

    /// Reads a side, for the last time where it need not be read again.
    fn reader(
        &self,
        how: SpillPlan,
        (side, linked): (usize, usize),
        sides: &mut [Spilled; 2],
        ahead: usize,
    ) -> SpilledReader {
        let (layouts, memory) = (&self.layouts[side], &self.disk.memory);
        let layout = if side == linked { &layouts.linked } else { &layouts.plain };
        match how {
            SpillPlan::Whole | SpillPlan::Repartition => {
                self.disk.spiller.read(std::mem::take(&mut sides[side]), layout, ahead, memory)
            }
            SpillPlan::Blocks | SpillPlan::Marks => self.disk.spiller.read_again(&sides[side], layout, ahead, memory),
        }
    }

    /// Adds a page of the side that is built to the table.
    fn take_up(&mut self, page: Page, linked: usize) -> Result<()> {
        if self.built.side == linked {
            return self.built.table.adopt(page);
        }
        let mut all = Selection::default();
        all.set(0..page.rows() as u32);
        self.built.table.add(&Input::new(&page.batch(), &all))
    }

    /// Reads the side that is built, or a block of it, and makes a table of it.
    fn load(&mut self) -> Result<Progress> {
        let Some(mut spilled_join) = self.spilled_join.take() else { return Ok(Progress::Done) };
        let progress = match spilled_join.how {
            SpillPlan::Whole => self.load_whole(&mut spilled_join),
            SpillPlan::Repartition => self.load_parts(&mut spilled_join),
            SpillPlan::Blocks | SpillPlan::Marks => self.load_block(&mut spilled_join),
        };
        if self.stage == Stage::Probe {
            let side = (1 - self.built.side, spilled_join.linked);
            spilled_join.stream =
                Some(self.reader(spilled_join.how, side, &mut spilled_join.sides, spilled_join.ahead));
            self.disk.spiller.count_pass(u64::from(spilled_join.level) + spilled_join.streams);
            spilled_join.streams += 1;
        }
        self.spilled_join = Some(spilled_join);
        progress
    }

    fn load_whole(&mut self, spilled_join: &mut SpilledJoin) -> Result<Progress> {
        let mut pages = 0..PAGES_A_CALL;
        while let Some(reader) = &mut spilled_join.build {
            if pages.next().is_none() {
                return Ok(Progress::Yield);
            }
            match reader.poll()? {
                Poll::Ready(Some(page)) => self.take_up(page, spilled_join.linked)?,
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(None) => spilled_join.build = None,
            }
        }
        self.built.table.build()?;
        self.begin_probe();
        Ok(Progress::Done)
    }

    fn load_parts(&mut self, spilled_join: &mut SpilledJoin) -> Result<Progress> {
        let mut pages = 0..PAGES_A_CALL;
        while let Some(reader) = &mut spilled_join.build {
            if pages.next().is_none() {
                return Ok(Progress::Yield);
            }
            ready!(self.distribute()?);
            let Some(parts) = &mut self.parts else { return Ok(Progress::Done) };
            if parts.room(STREAM_AHEAD * spilled_join.largest_pages[self.built.side], &mut self.disk)?
                == Progress::Pending
            {
                return Ok(Progress::Pending);
            }
            match reader.poll()? {
                Poll::Ready(Some(page)) => {
                    parts.keys.note_rows(&page.batch());
                    self.uncut.push_back(page);
                }
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(None) => spilled_join.build = None,
            }
        }
        self.build(spilled_join.stream_bytes(self.built.side))
    }

    fn load_block(&mut self, spilled_join: &mut SpilledJoin) -> Result<Progress> {
        let side = self.built.side;
        let layouts = &self.layouts[side];
        let page_rows = PAGE_BYTES / layouts.plain.width();
        // A page that is not as it lies in a table is there twice for a while.
        let page_bytes = spilled_join.largest_pages[side];
        let copied = if side == spilled_join.linked { 0 } else { layouts.linked_bytes(page_rows, page_bytes) };
        let mut pages = 0..PAGES_A_CALL;
        while let Some(reader) = &mut spilled_join.build {
            if pages.next().is_none() {
                return Ok(Progress::Yield);
            }
            let rows = self.built.table.len();
            let need = page_bytes + copied + JoinTable::index_bytes(rows + page_rows);
            let is_refused =
                !self.disk.memory.try_reserve(need + (STREAM_AHEAD + 1) * spilled_join.largest_pages[1 - side]);
            if is_refused && rows > 0 {
                break;
            }
            match reader.poll()? {
                Poll::Ready(Some(page)) => self.take_up(page, spilled_join.linked)?,
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(None) => spilled_join.build = None,
            }
        }
        if self.built.table.is_empty() {
            self.stage = Stage::Finish;
            return Ok(Progress::Done);
        }
        self.built.table.build()?;
        self.begin_probe();
        Ok(Progress::Done)
    }

    /// Takes the other side past the table, a page at a time.
    fn stream(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        let Some(mut spilled_join) = self.spilled_join.take() else { return Ok(Progress::Done) };
        let progress = self.stream_page(&mut spilled_join, emitter, out);
        self.spilled_join = Some(spilled_join);
        progress
    }

    fn stream_page(
        &mut self,
        spilled_join: &mut SpilledJoin,
        emitter: &mut dyn JoinEmitter,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let pass = match spilled_join.how {
            SpillPlan::Whole | SpillPlan::Repartition => ProbePhase::Disk,
            SpillPlan::Blocks => ProbePhase::Block,
            SpillPlan::Marks => ProbePhase::Marks,
        };
        let (page, mut next) = match (spilled_join.page.take(), &mut spilled_join.stream) {
            (Some(begun), _) => begun,
            (None, None) => return Ok(Progress::Done),
            (None, Some(reader)) => match reader.poll()? {
                Poll::Ready(Some(page)) => (page, 0),
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(None) => {
                    self.stage = Stage::Finish;
                    return Ok(Progress::Done);
                }
            },
        };
        let mut window = Selection::default();
        while next < page.rows() {
            let end = window.fill(next..page.rows());
            let mut cursor = self.cursor;
            let progress = self.probe(emitter, &Input::new(&page.batch(), &window), pass, &mut cursor, out)?;
            self.cursor = cursor;
            if progress != Progress::Done {
                spilled_join.page = Some((page, next));
                return Ok(progress);
            }
            (self.cursor, next) = (0, end);
        }
        // Others may have a turn.
        Ok(Progress::Yield)
    }

    /// What follows a table that has seen all of the other side.
    pub(crate) fn go_to_next(&mut self) -> Result<()> {
        self.stage = Stage::Next;
        let Some(spilled_join) = self.spilled_join.take() else { return Ok(()) };
        let are_asked = self.sides.iter().all(|side| side.keeps);
        match spilled_join.how {
            SpillPlan::Whole | SpillPlan::Repartition => {}
            SpillPlan::Blocks | SpillPlan::Marks if spilled_join.build.is_some() => {
                self.stage = Stage::Build;
                self.spilled_join = Some(spilled_join);
            }
            SpillPlan::Blocks if are_asked => {
                let SpilledJoin { sides, linked, level, .. } = spilled_join;
                let pending = PartitionPair { sides, linked, level, whole: u64::MAX };
                self.begin(SpillPlan::Marks, 1 - self.built.side, pending, STREAM_AHEAD)?;
            }
            SpillPlan::Blocks | SpillPlan::Marks => {
                spilled_join.sides.into_iter().for_each(|side| self.disk.spiller.forget(side))
            }
        }
        Ok(())
    }
}
