//! Merge joins: both sides are sorted by their keys and read together.
//!
//! ```text
//! left rows  ──► sorted, in runs on disk if memory is refused ──┐
//!                                                               ├──► blocks of keys
//! right rows ──► sorted, as far as memory goes ─────────────────┘
//! block: a small table of one side's rows, which the other side's rows of these keys probe
//! ```
//! A block has as many whole groups as fit into half a megabyte, so its table fits into a cache.
//! Closures, pairs, marks and results are those of a hash join. Marks of a block's rows are final
//! at its end, because no other block has their keys.
//!
//! A key whose rows fit no block on either side is joined alone. The smaller side's rows become a
//! table, or tables one after the other if memory is refused. The other side's rows probe each
//! table, from memory or disk. So the product of one key takes no memory. All rows of such a key
//! have partners. Rows with nulls that equal nothing are answered on arrival.

mod block;
mod key;
mod sorted;

use std::task::Poll;

use crate::error::Result;
use crate::join::merge::key::OneKey;
use crate::join::merge::sorted::{Rows, Sorted};
use crate::join::side::{BuildSide, Side};
use crate::join::table::JoinTable;
use crate::join::{JoinEmitter, ProbePhase};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::{MERGE_TABLES_BYTES, SORTED_GROUPS_BYTES};
use crate::memory::{Memory, Reservation};
use crate::page::{Input, Page, Selection};
use crate::strategy::{Cursor, Progress, ready};

/// The step after all rows of both sides have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Rows that do not fit go to disk.
    Settle,
    /// Both sides are sorted.
    Order,
    /// The next keys are searched.
    Choose,
    /// Rows of one key become a table.
    Load,
    /// Rows of the other side probe the table.
    Stream,
    /// All of them have.
    Finish,
    /// No key is left.
    Given,
}

/// A merge join in one task.
pub(crate) struct SortMergeJoin {
    sides: [Side; 2],
    sorted: [Sorted; 2],
    /// The side whose rows become the table of a block.
    build: usize,
    /// Rows that arrive.
    arrived: Option<IncomingRows>,
    /// Sides all of whose rows have arrived.
    ended: [bool; 2],
    stage: Stage,
    meeting: Option<BlockJoin>,
    /// Position of the emitter.
    cursor: Cursor,
    memory: Memory,
    /// Memory of the next table.
    room: Reservation,
    /// Memory of the second side, while the first is sorted.
    second_room: Reservation,
}

/// Rows of an input.
struct IncomingRows {
    /// Rows without a partner, and an empty table for them to probe.
    alone: Selection,
    empty: Option<BuildSide>,
    /// The other rows, and how many of them are taken.
    others: Selection,
    taken: usize,
}

/// Rows of one block.
struct BlockJoin {
    built: BuildSide,
    /// Rows that probe the table, and the page at work with its next row.
    stream: Rows,
    page: Option<(Page, usize)>,
    /// Set for one key that does not fit into a block.
    key: Option<OneKey>,
    pass: ProbePhase,
}

impl SortMergeJoin {
    /// A join that prefers tables of side `build`.
    pub(crate) fn new(sides: [Side; 2], build: usize, context: &TaskContext) -> Result<Self> {
        Ok(SortMergeJoin {
            sorted: [Sorted::new(&sides[0], context)?, Sorted::new(&sides[1], context)?],
            sides,
            build,
            arrived: None,
            ended: [false; 2],
            stage: Stage::Settle,
            meeting: None,
            cursor: 0,
            memory: context.memory.clone(),
            room: context.memory.reserve_pages(MERGE_TABLES_BYTES)?,
            second_room: context.memory.reserve_pages(0)?,
        })
    }

    /// Takes rows of an input.
    pub(crate) fn on_batch(
        &mut self,
        emitter: &mut dyn JoinEmitter,
        side: usize,
        input: &Input<'_>,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let mut arrived = match self.arrived.take() {
            Some(arrived) => arrived,
            None => self.arrive(side, input)?,
        };
        let progress = self.take(emitter, side, input, &mut arrived, out)?;
        if progress != Progress::Done {
            self.arrived = Some(arrived);
        }
        Ok(progress)
    }

    fn arrive(&self, side: usize, input: &Input<'_>) -> Result<IncomingRows> {
        let facts = &self.sides[side];
        let (mut alone, mut others) = (Selection::default(), Selection::default());
        let rows = || input.selection().rows().iter().copied();
        others.set(rows().filter(|&row| facts.may_match(input, row)));
        let mut empty = None;
        if facts.keeps_nulls && others.len() < input.len() {
            alone.set(rows().filter(|&row| !facts.may_match(input, row)));
            empty = Some(self.empty_table(1 - side)?);
        }
        Ok(IncomingRows { alone, empty, others, taken: 0 })
    }

    fn take(
        &mut self,
        emitter: &mut dyn JoinEmitter,
        side: usize,
        input: &Input<'_>,
        arrived: &mut IncomingRows,
        out: &mut Outputs,
    ) -> Result<Progress> {
        if let Some(empty) = &mut arrived.empty {
            let alone = Input::new(input.batch(), &arrived.alone);
            ready!(emitter.probe(empty, &alone, ProbePhase::Disk, &mut self.cursor, out)?);
            (arrived.empty, self.cursor) = (None, 0);
        }
        let others = Input::new(input.batch(), &arrived.others);
        // If memory is refused, the larger side goes to disk, even after all its rows have arrived.
        let [this, other] = [side, 1 - side].map(|side| self.sorted[side].groups.bytes());
        if other > this && !self.sorted[side].groups.has_room_for(&others) {
            self.sorted[1 - side].groups.revoke();
        }
        match self.sorted[1 - side].groups.continue_revoking()? {
            Progress::Done => self.sorted[side].add(&others, &mut arrived.taken),
            progress => Ok(progress),
        }
    }

    fn empty_table(&self, side: usize) -> Result<BuildSide> {
        let mut built = BuildSide::new(&self.sides, side, &self.memory)?;
        built.table.build()?;
        Ok(built)
    }

    /// Ends an input.
    pub(crate) fn on_end(&mut self, emitter: &mut dyn JoinEmitter, side: usize, out: &mut Outputs) -> Result<Progress> {
        self.ended[side] = true;
        // From now on it keeps the memory that it needs to merge.
        self.memory.set_revocable(self.ended != [true; 2]);
        if self.ended != [true; 2] {
            // Rows on disk leave their memory to the other side.
            return self.settle_side(side, false);
        }
        loop {
            ready!(match self.stage {
                Stage::Settle => self.settle()?,
                Stage::Order => self.order()?,
                Stage::Choose => self.choose()?,
                Stage::Load => self.load()?,
                Stage::Stream => self.stream(emitter, out)?,
                Stage::Finish => self.finish(emitter, out)?,
                Stage::Given => return Ok(Progress::Done),
            });
        }
    }

    /// Spills the rest of a side that is partly on disk, or that must go there.
    fn settle_side(&mut self, side: usize, must: bool) -> Result<Progress> {
        let groups = &mut self.sorted[side].groups;
        if must || groups.is_on_disk() {
            groups.revoke();
        }
        groups.continue_revoking()
    }

    /// If one side is on disk, the other stays in memory only if there is room to merge as well.
    fn settle(&mut self) -> Result<Progress> {
        for side in [0, 1] {
            let must = self.sorted[1 - side].groups.is_on_disk() && !self.memory.try_reserve(SORTED_GROUPS_BYTES);
            ready!(self.settle_side(side, must)?);
        }
        // The merge takes as much as it is granted.
        if self.sorted[1].groups.is_on_disk() && self.memory.try_reserve(SORTED_GROUPS_BYTES) {
            self.second_room.resize(SORTED_GROUPS_BYTES)?;
        }
        self.stage = Stage::Order;
        Ok(Progress::Done)
    }

    fn order(&mut self) -> Result<Progress> {
        for side in &mut self.sorted {
            ready!(side.groups.finish()?);
            self.second_room.leave_ahead();
        }
        self.stage = Stage::Choose;
        Ok(Progress::Done)
    }

    /// Gives back memory until both sides have arrived: their rows go to disk.
    pub(crate) fn revoke(&mut self) {
        if self.ended != [true; 2] {
            self.sorted.iter_mut().for_each(|side| side.groups.revoke());
        }
    }

    /// Continues [`SortMergeJoin::revoke`].
    ///
    /// # Errors
    /// Fails if a page cannot be written.
    pub(crate) fn settle_sorters(&mut self) -> Result<Progress> {
        for side in &mut self.sorted {
            ready!(side.groups.continue_revoking()?);
        }
        Ok(Progress::Done)
    }

    /// The leaves of the key, by which both sides are sorted.
    fn leading(&self) -> usize {
        self.sides[0].key.len()
    }

    /// Probes the next page.
    fn stream(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        let Some(BlockJoin { built, stream, page: begun, pass, .. }) = &mut self.meeting else {
            return Ok(Progress::Done);
        };
        let (page, mut next) = match begun.take() {
            Some(begun) => begun,
            None => match self.sorted[1 - built.side].poll(stream)? {
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
            let progress = emitter.probe(built, &Input::new(&page.batch(), &window), *pass, &mut self.cursor, out)?;
            if progress != Progress::Done {
                *begun = Some((page, next));
                return Ok(progress);
            }
            (self.cursor, next) = (0, end);
        }
        // Other work has its turn.
        Ok(Progress::Yield)
    }

    /// Emits results of build rows, and drops the table.
    fn finish(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        let Some(meeting) = &mut self.meeting else { return Ok(Progress::Done) };
        ready!(emitter.finish(&mut meeting.built, &mut self.cursor, out)?);
        self.cursor = 0;
        drop(meeting.built.table.take_pages());
        if meeting.key.as_ref().is_some_and(|key| key.is_left) {
            self.stage = Stage::Load;
            return Ok(Progress::Done);
        }
        if let Some(key) = self.meeting.take().and_then(|meeting| meeting.key) {
            for (side, group) in self.sorted.iter().zip(key.groups) {
                side.forget(group);
            }
        }
        self.end_meeting()
    }

    /// Keeps memory for the next table.
    fn end_meeting(&mut self) -> Result<Progress> {
        if self.memory.try_reserve(MERGE_TABLES_BYTES) {
            self.room.resize(MERGE_TABLES_BYTES)?;
        }
        self.stage = Stage::Choose;
        Ok(Progress::Yield)
    }
}

/// Most additional bytes of a page's rows in a table.
fn pages_bytes(table: &JoinTable, page: &Page) -> usize {
    let mut all = Selection::default();
    all.set(0..page.rows() as u32);
    table.bytes_for(&Input::new(&page.batch(), &all))
}
