//! Joins by order: both sides are sorted by their keys, and gone over together.
//!
//! ```text
//!  left rows  --> sorted, in runs on disk where memory is refused --\
//!                                                                     --> block of keys: a small table of one side's rows,
//!  right rows --> sorted, as far as memory goes ----------------------/    past which the other side's rows of these keys stream
//! ```
//! A block is as many whole groups as fit some pages, so its table lies in a cache, and the closure, the marks of outer joins and the answers of
//! semi-joins are those of the hash joins: what is known of a block's rows at its end holds for good, since no other block has their keys.
//!
//! A key whose rows do not fit a block on either side is joined by itself, as a nested loop: the smaller side's rows are a table, or one after the other
//! where they do not fit what memory can be had, and the other side's rows stream past each, again and again from where they lie, which is the disk if
//! they do not fit a window. So its product takes no memory. All
//! rows of such a key have partners, and nulls that equal nothing never come here: they are answered for when they arrive.
//!
//! **A merge join is a row of small hash joins.** Both sides are sorted, and met block by block: as many whole groups of one side as fit half a
//! megabyte are a table, past which the other side's rows up to the same key stream. So the closure, pairs, marks and answers are those of a hash
//! join, compiled once, and what is known of a row at its block's end is final. A key that fits no block is met by itself: as one table if memory
//! allows, else as a nested loop over blocks.

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
use crate::memory::limits::{GROUPS_BYTES, MERGE_ROOM_BYTES};
use crate::memory::{Memory, Reservation};
use crate::page::{Input, Page, Selection};
use crate::strategy::{Cursor, Progress, ready};

/// What follows, when all rows of both sides are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// What does not fit goes to disk.
    Settle,
    /// Both sides are put in order.
    Order,
    /// The next keys are looked for.
    Choose,
    /// Rows of one key become a table.
    Load,
    /// The other side's go past the table.
    Stream,
    /// All of them did.
    Finish,
    /// There are no more keys.
    Given,
}

/// A merge join in one task.
pub(crate) struct SortMergeJoin {
    sides: [Side; 2],
    sorted: [Sorted; 2],
    /// The side whose rows are a block's table.
    build: usize,
    /// Rows that are being taken.
    arrived: Option<IncomingRows>,
    /// Sides of which all rows are there.
    ended: [bool; 2],
    stage: Stage,
    meeting: Option<BlockJoin>,
    /// Where [`JoinEmitter`] stand.
    cursor: Cursor,
    memory: Memory,
    /// For tables, while there is none.
    room: Reservation,
    /// For the second side, while the first is put in order.
    second_room: Reservation,
}

/// Rows of an input.
struct IncomingRows {
    /// Those that have no partner for sure, and a table in which they do not find one.
    alone: Selection,
    empty: Option<BuildSide>,
    /// The others, and how many of them are taken.
    others: Selection,
    taken: usize,
}

/// Rows that meet.
struct BlockJoin {
    built: BuildSide,
    /// What streams past the table, and the page of it that does, from a row on.
    stream: Rows,
    page: Option<(Page, usize)>,
    /// Where it is one key that does not fit a block.
    key: Option<OneKey>,
    pass: ProbePhase,
}

impl SortMergeJoin {
    /// A join that makes tables of this side's rows, where it may choose.
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
            room: context.memory.reserve_pages(MERGE_ROOM_BYTES)?,
            second_room: context.memory.reserve_pages(0)?,
        })
    }

    /// Rows of an input.
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
        // Where memory ends, the larger side goes to disk, even if all of it is there.
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

    /// The end of an input.
    pub(crate) fn on_end(&mut self, emitter: &mut dyn JoinEmitter, side: usize, out: &mut Outputs) -> Result<Progress> {
        self.ended[side] = true;
        // From then on it keeps what it needs to merge.
        self.memory.set_revocable(self.ended != [true; 2]);
        if self.ended != [true; 2] {
            // What is on disk already leaves its memory to the other side.
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

    /// Has all of a side go to disk that is there in part, or that must.
    fn settle_side(&mut self, side: usize, must: bool) -> Result<Progress> {
        let groups = &mut self.sorted[side].groups;
        if must || groups.is_on_disk() {
            groups.revoke();
        }
        groups.continue_revoking()
    }

    /// Where one side is on disk, the other stays in memory only if there is room to merge beside it.
    fn settle(&mut self) -> Result<Progress> {
        for side in [0, 1] {
            let must = self.sorted[1 - side].groups.is_on_disk() && !self.memory.try_reserve(GROUPS_BYTES);
            ready!(self.settle_side(side, must)?);
        }
        // What merges takes what it can get.
        if self.sorted[1].groups.is_on_disk() && self.memory.try_reserve(GROUPS_BYTES) {
            self.second_room.resize(GROUPS_BYTES)?;
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

    /// Gives memory back until both sides are there: their rows go to disk.
    pub(crate) fn revoke(&mut self) {
        if self.ended != [true; 2] {
            self.sorted.iter_mut().for_each(|side| side.groups.revoke());
        }
    }

    /// Goes on with what [`SortMergeJoin::revoke`] began.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn settle_sorters(&mut self) -> Result<Progress> {
        for side in &mut self.sorted {
            ready!(side.groups.continue_revoking()?);
        }
        Ok(Progress::Done)
    }

    /// Leaves of the key, by which both sides are in order.
    fn leading(&self) -> usize {
        self.sides[0].key.len()
    }

    /// Takes the next page past the table.
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
        // Others may have a turn.
        Ok(Progress::Yield)
    }

    /// Answers for the table's rows, and drops it.
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

    /// Keeps the room for the next table.
    fn end_meeting(&mut self) -> Result<Progress> {
        if self.memory.try_reserve(MERGE_ROOM_BYTES) {
            self.room.resize(MERGE_ROOM_BYTES)?;
        }
        self.stage = Stage::Choose;
        Ok(Progress::Yield)
    }
}

/// Bytes that a page's rows take in a table more, at most.
fn pages_bytes(table: &JoinTable, page: &Page) -> usize {
    let mut all = Selection::default();
    all.set(0..page.rows() as u32);
    table.bytes_for(&Input::new(&page.batch(), &all))
}
