//! One pair of partitions that is read back from disk and joined.

use std::task::Poll;

use crate::error::Result;
use crate::join::buffered::STREAM_AHEAD;
use crate::join::build::Building;
use crate::join::partition_pair::PartitionPair;
use crate::join::probe::Probing;
use crate::join::side::BuildSide;
use crate::join::table::JoinTable;
use crate::join::{JoinContext, JoinEmitter, ProbePhase};
use crate::kernel::Outputs;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, Page, Selection};
use crate::spill::{Spilled, SpilledReader};
use crate::strategy::{Progress, ready};

/// The greatest number of partitionings before the sides are joined in blocks. 16^5 partitions
/// suffice for any disk.
const MAX_LEVELS: u32 = 4;

/// Pages that are read ahead if memory allows. A page is joined in less time than it takes to read.
const MAX_AHEAD: usize = 16;

/// Pages that are read into a table in one call.
const PAGES_A_CALL: usize = 64;

/// The number of blocks up to which blocks are better than another partitioning. That would write
/// all rows and read them twice.
const FEW_BLOCKS: usize = 3;

/// The method to join a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SpillPlan {
    /// One side becomes a table.
    Whole,
    /// Both sides are partitioned again.
    Repartition,
    /// Blocks of one side become tables, one after the other.
    Blocks,
    /// As `Blocks`, after all pairs of rows were emitted. Finds the rows of the other side without
    /// a partner.
    Marks,
}

/// The readers of a pair.
pub(super) struct SpilledPair {
    plan: SpillPlan,
    level: u32,
    /// Reads the build side. `None` after its end.
    build: Option<SpilledReader>,
    /// Reads the other side.
    stream: Option<SpilledReader>,
    /// Both sides, if they are read more than once.
    sides: [Spilled; 2],
    /// As [`PartitionPair::linked`].
    linked: usize,
    /// Bytes of the largest page of each side.
    largest_pages: [usize; 2],
    /// Pages of the other side that are read ahead.
    ahead: usize,
    /// The number of times that the other side was read.
    streams: u64,
    /// The current page of the other side, and its next row.
    page: Option<(Page, usize)>,
}

impl SpilledPair {
    /// Chooses a plan and opens the build side. Returns `None` if the pair has no results.
    pub(super) fn open(pair: PartitionPair, join: &mut JoinContext) -> Result<Option<(Self, Building)>> {
        let smaller = pair.smaller();
        let (small, large) = (&pair.sides[smaller], &pair.sides[1 - smaller]);
        if small.is_empty() && !join.sides[1 - smaller].keeps {
            pair.sides.into_iter().for_each(|side| join.disk.spiller.forget(side));
            return Ok(None);
        }
        let (rows, bytes) = (small.rows() as usize, small.bytes() as usize);
        // Plain rows are copied from the pages that are read.
        let copied =
            || join.layouts[smaller].linked_bytes(rows, bytes) + (STREAM_AHEAD + 1) * small.largest_page_bytes();
        let table = JoinTable::index_bytes(rows) + if smaller == pair.linked { bytes } else { copied() };
        let fits = |share: usize, ahead: usize| {
            join.disk.memory.try_reserve(table / share + (ahead + 1) * large.largest_page_bytes())
        };
        let ahead = [MAX_AHEAD, MAX_AHEAD / 4, STREAM_AHEAD].into_iter().find(|&ahead| fits(1, ahead));
        if let Some(ahead) = ahead {
            return Self::begin(SpillPlan::Whole, smaller, pair, ahead, join).map(Some);
        }
        let is_partitionable = !join.sides[0].key.is_empty() && !pair.is_stuck() && pair.level <= MAX_LEVELS;
        // The rows of the streamed side must not need marks, which only a build side can have.
        let are_few = !join.sides[1 - smaller].keeps && fits(FEW_BLOCKS, STREAM_AHEAD);
        if is_partitionable && !are_few {
            return Self::begin(SpillPlan::Repartition, smaller, pair, STREAM_AHEAD, join).map(Some);
        }
        let marked = join.sides.iter().position(|side| side.keeps);
        let build = if join.sides[smaller].keeps { smaller } else { marked.unwrap_or(smaller) };
        Self::begin(SpillPlan::Blocks, build, pair, STREAM_AHEAD, join).map(Some)
    }

    fn begin(
        plan: SpillPlan,
        build: usize,
        pair: PartitionPair,
        ahead: usize,
        join: &mut JoinContext,
    ) -> Result<(Self, Building)> {
        let PartitionPair { sides, linked, level, .. } = pair;
        let largest_pages = sides.each_ref().map(Spilled::largest_page_bytes);
        let (build_reader, stream, page) = (None, None, None);
        let mut spilled = SpilledPair {
            plan,
            level,
            build: build_reader,
            stream,
            sides,
            linked,
            largest_pages,
            ahead,
            streams: 0,
            page,
        };
        // The pages become those of the table, so pages read ahead take no more memory.
        let build_ahead = if plan == SpillPlan::Whole && build == linked { MAX_AHEAD } else { STREAM_AHEAD };
        spilled.build = Some(spilled.reader(build, build_ahead, join));
        let mut building = Building::new(BuildSide::new(&join.sides, build, &join.disk.memory)?, level);
        join.disk.memory.set_revocable(plan == SpillPlan::Repartition);
        if plan == SpillPlan::Repartition {
            building.partition(join);
        }
        Ok((spilled, building))
    }

    /// Returns `true` if memory can be revoked while the build side is read.
    pub(super) fn is_revocable(&self) -> bool {
        self.plan == SpillPlan::Repartition
    }

    /// Reads a side. A side that is read once is deleted as it is read.
    fn reader(&mut self, side: usize, ahead: usize, join: &JoinContext) -> SpilledReader {
        let (layouts, memory) = (&join.layouts[side], &join.disk.memory);
        let layout = if side == self.linked { &layouts.linked } else { &layouts.plain };
        match self.plan {
            SpillPlan::Whole | SpillPlan::Repartition => {
                join.disk.spiller.read(std::mem::take(&mut self.sides[side]), layout, ahead, memory)
            }
            SpillPlan::Blocks | SpillPlan::Marks => {
                join.disk.spiller.read_again(&self.sides[side], layout, ahead, memory)
            }
        }
    }

    /// Reads the build side, or a block of it, into an indexed table.
    pub(super) fn load(&mut self, building: &mut Building, join: &mut JoinContext) -> Result<Progress> {
        let side = building.built.side;
        let mut pages = 0..PAGES_A_CALL;
        while self.build.is_some() {
            if pages.next().is_none() {
                return Ok(Progress::Yield);
            }
            match self.plan {
                SpillPlan::Whole => {}
                SpillPlan::Repartition => {
                    ready!(building.distribute(join)?);
                    let Some(partitions) = &mut building.partitions else { return Ok(Progress::Done) };
                    ready!(partitions.make_room(STREAM_AHEAD * self.largest_pages[side], &mut join.disk)?);
                }
                SpillPlan::Blocks | SpillPlan::Marks => {
                    let rows = building.built.table.len();
                    if !join.disk.memory.try_reserve(self.page_bytes(side, rows, join)) && rows > 0 {
                        break;
                    }
                }
            }
            match self.build.as_mut().map(SpilledReader::poll).transpose()? {
                Some(Poll::Ready(Some(page))) => self.insert(page, building)?,
                Some(Poll::Pending) => return Ok(Progress::Pending),
                Some(Poll::Ready(None)) | None => self.build = None,
            }
        }
        if self.plan == SpillPlan::Repartition {
            return building.finish((STREAM_AHEAD + 1) * self.largest_pages[1 - side], join);
        }
        if !self.is_after_blocks(building) {
            building.built.table.build()?;
        }
        Ok(Progress::Done)
    }

    /// Bytes to reserve before a page of a block is added to a table of `rows` rows.
    fn page_bytes(&self, side: usize, rows: usize, join: &JoinContext) -> usize {
        let layouts = &join.layouts[side];
        let page_rows = PAGE_BYTES / layouts.plain.width();
        let page_bytes = self.largest_pages[side];
        // A page of plain rows exists twice while it is copied.
        let copied = if side == self.linked { 0 } else { layouts.linked_bytes(page_rows, page_bytes) };
        let index = JoinTable::index_bytes(rows + page_rows);
        page_bytes + copied + index + (STREAM_AHEAD + 1) * self.largest_pages[1 - side]
    }

    /// Inserts a page of the build side.
    fn insert(&self, page: Page, building: &mut Building) -> Result<()> {
        if let Some(partitions) = &mut building.partitions {
            partitions.keys.note_rows(&page.batch());
            building.unpartitioned.push_back(page);
            return Ok(());
        }
        if building.built.side == self.linked {
            return building.built.table.adopt(page);
        }
        let mut all = Selection::default();
        all.set(0..page.rows() as u32);
        building.built.table.add(&Input::new(&page.batch(), &all))
    }

    /// Returns `true` if the last block was empty, so that the other side need not be read.
    pub(super) fn is_after_blocks(&self, building: &Building) -> bool {
        matches!(self.plan, SpillPlan::Blocks | SpillPlan::Marks) && building.built.table.is_empty()
    }

    /// Opens the other side, for a table that is loaded.
    pub(super) fn open_stream(&mut self, side: usize, join: &mut JoinContext) {
        self.stream = Some(self.reader(side, self.ahead, join));
        join.disk.spiller.count_pass(u64::from(self.level) + self.streams);
        self.streams += 1;
    }

    /// Probes the other side, one page per call. `Done` after its end.
    pub(super) fn stream(
        &mut self,
        probing: &mut Probing,
        join: &mut JoinContext,
        emitter: &mut dyn JoinEmitter,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let phase = match self.plan {
            SpillPlan::Whole | SpillPlan::Repartition => ProbePhase::Disk,
            SpillPlan::Blocks => ProbePhase::Block,
            SpillPlan::Marks => ProbePhase::Marks,
        };
        if self.page.is_none() {
            match self.stream.as_mut().map(SpilledReader::poll).transpose()? {
                Some(Poll::Ready(Some(page))) => self.page = Some((page, 0)),
                Some(Poll::Pending) => return Ok(Progress::Pending),
                Some(Poll::Ready(None)) | None => return Ok(Progress::Done),
            }
        }
        if let Some((page, next)) = &mut self.page {
            ready!(probing.probe_page((page, next), phase, join, emitter, out)?);
        }
        self.page = None;
        Ok(Progress::Yield)
    }

    /// The next block, or the pass for marks, after the whole other side has probed a table. `None`
    /// if the pair is joined.
    pub(super) fn next(self, built: BuildSide, join: &mut JoinContext) -> Result<Option<(Self, Building)>> {
        let needs_marks = join.sides.iter().all(|side| side.keeps);
        match self.plan {
            SpillPlan::Whole | SpillPlan::Repartition => Ok(None),
            SpillPlan::Blocks | SpillPlan::Marks if self.build.is_some() => {
                let building = Building::new(built, self.level);
                Ok(Some((self, building)))
            }
            SpillPlan::Blocks if needs_marks => {
                let SpilledPair { sides, linked, level, .. } = self;
                let pair = PartitionPair { sides, linked, level, whole_bytes: u64::MAX };
                Self::begin(SpillPlan::Marks, 1 - built.side, pair, STREAM_AHEAD, join).map(Some)
            }
            SpillPlan::Blocks | SpillPlan::Marks => {
                self.sides.into_iter().for_each(|side| join.disk.spiller.forget(side));
                Ok(None)
            }
        }
    }
}
