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
use crate::join::merge::sorted::{RowPages, Sorted};
use crate::join::side::{BuildSide, Side};
use crate::join::table::JoinTable;
use crate::join::{JoinEmitter, ProbePhase};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::{MERGE_TABLES_BYTES, SORTED_GROUPS_BYTES};
use crate::memory::{Memory, Reservation};
use crate::page::{Input, Page, Selection};
use crate::strategy::{Cursor, Progress, ready};

/// The next step, after all rows of both sides have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MergeStage {
    /// Rows that do not fit are spilled.
    Settle,
    /// Both sides are sorted.
    Order,
    /// The next keys are chosen.
    Choose,
    /// Rows of one key become a table.
    Load,
    /// Rows of the other side probe the table.
    Stream,
    /// Results of the build rows are emitted.
    Finish,
    /// All keys are joined.
    Ended,
}

/// A merge join in one task.
pub(crate) struct SortMergeJoin {
    sides: [Side; 2],
    sorted: [Sorted; 2],
    /// The side whose rows become the table of a block.
    build: usize,
    /// The input that is being added, if it was interrupted.
    arrived: Option<IncomingRows>,
    /// For each side, whether all of its rows have arrived.
    ended: [bool; 2],
    stage: MergeStage,
    block: Option<BlockJoin>,
    /// The emitter's position.
    cursor: Cursor,
    memory: Memory,
    /// Memory reserved for the next table.
    room: Reservation,
    /// Memory reserved for the second side, while the first one is sorted.
    second_room: Reservation,
}

/// Rows of an input that are not added yet.
struct IncomingRows {
    /// Rows without a partner because their key has a null, and an empty table that they probe.
    unmatched: Selection,
    empty: Option<BuildSide>,
    /// The other rows, and the number of them that are added.
    matchable: Selection,
    added: usize,
}

/// Rows of one block.
struct BlockJoin {
    built: BuildSide,
    /// Rows that probe the table, and the current page with its next row.
    stream: RowPages,
    page: Option<(Page, usize)>,
    /// Set for a single key that does not fit in a block.
    key: Option<OneKey>,
    pass: ProbePhase,
}

impl SortMergeJoin {
    /// Creates a join that builds tables of side `build` if possible.
    pub(crate) fn new(sides: [Side; 2], build: usize, context: &TaskContext) -> Result<Self> {
        Ok(SortMergeJoin {
            sorted: [Sorted::new(&sides[0], context)?, Sorted::new(&sides[1], context)?],
            sides,
            build,
            arrived: None,
            ended: [false; 2],
            stage: MergeStage::Settle,
            block: None,
            cursor: 0,
            memory: context.memory.clone(),
            room: context.memory.reserve_pages(MERGE_TABLES_BYTES)?,
            second_room: context.memory.reserve_pages(0)?,
        })
    }

    /// Processes rows of an input.
    pub(crate) fn on_batch(
        &mut self,
        emitter: &mut dyn JoinEmitter,
        side: usize,
        input: &Input<'_>,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let mut arrived = match self.arrived.take() {
            Some(arrived) => arrived,
            None => self.split_input(side, input)?,
        };
        let progress = self.add_rows(emitter, side, input, &mut arrived, out)?;
        if progress != Progress::Done {
            self.arrived = Some(arrived);
        }
        Ok(progress)
    }

    fn split_input(&self, side: usize, input: &Input<'_>) -> Result<IncomingRows> {
        let facts = &self.sides[side];
        let (mut unmatched, mut matchable) = (Selection::default(), Selection::default());
        let rows = || input.selection().rows().iter().copied();
        matchable.set(rows().filter(|&row| facts.may_match(input, row)));
        let mut empty = None;
        if facts.keeps_nulls && matchable.len() < input.len() {
            unmatched.set(rows().filter(|&row| !facts.may_match(input, row)));
            empty = Some(self.empty_table(1 - side)?);
        }
        Ok(IncomingRows { unmatched, empty, matchable, added: 0 })
    }

    fn add_rows(
        &mut self,
        emitter: &mut dyn JoinEmitter,
        side: usize,
        input: &Input<'_>,
        arrived: &mut IncomingRows,
        out: &mut Outputs,
    ) -> Result<Progress> {
        if let Some(empty) = &mut arrived.empty {
            let unmatched = Input::new(input.batch(), &arrived.unmatched);
            ready!(emitter.probe(empty, &unmatched, ProbePhase::Disk, &mut self.cursor, out)?);
            (arrived.empty, self.cursor) = (None, 0);
        }
        let matchable = Input::new(input.batch(), &arrived.matchable);
        // If memory is refused, the larger side is spilled, even if it has ended.
        let [this, other] = [side, 1 - side].map(|side| self.sorted[side].groups.bytes());
        if other > this && !self.sorted[side].groups.has_room_for(&matchable) {
            self.sorted[1 - side].groups.revoke();
        }
        match self.sorted[1 - side].groups.continue_revoking()? {
            Progress::Done => self.sorted[side].add(&matchable, &mut arrived.added),
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
        // From now on it keeps the memory that it needs for the merge.
        self.memory.set_revocable(self.ended != [true; 2]);
        if self.ended != [true; 2] {
            // If the rows are on disk, their memory is free for the other side.
            return self.settle_side(side, false);
        }
        loop {
            ready!(match self.stage {
                MergeStage::Settle => self.settle()?,
                MergeStage::Order => self.order()?,
                MergeStage::Choose => self.choose()?,
                MergeStage::Load => self.load()?,
                MergeStage::Stream => self.stream(emitter, out)?,
                MergeStage::Finish => self.finish(emitter, out)?,
                MergeStage::Ended => return Ok(Progress::Done),
            });
        }
    }

    /// Spills the rest of a side that is partly on disk, or of any side if it `must` be spilled.
    fn settle_side(&mut self, side: usize, must: bool) -> Result<Progress> {
        let groups = &mut self.sorted[side].groups;
        if must || groups.is_on_disk() {
            groups.revoke();
        }
        groups.continue_revoking()
    }

    /// If one side is on disk, the other stays in memory only if there is also room to merge.
    fn settle(&mut self) -> Result<Progress> {
        for side in [0, 1] {
            let must = self.sorted[1 - side].groups.is_on_disk() && !self.memory.try_reserve(SORTED_GROUPS_BYTES);
            ready!(self.settle_side(side, must)?);
        }
        // The merge uses as much as it is granted.
        if self.sorted[1].groups.is_on_disk() && self.memory.try_reserve(SORTED_GROUPS_BYTES) {
            self.second_room.resize(SORTED_GROUPS_BYTES)?;
        }
        self.stage = MergeStage::Order;
        Ok(Progress::Done)
    }

    fn order(&mut self) -> Result<Progress> {
        for side in &mut self.sorted {
            ready!(side.groups.finish()?);
            self.second_room.leave_ahead();
        }
        self.stage = MergeStage::Choose;
        Ok(Progress::Done)
    }

    /// Releases memory until both sides have ended, by spilling their rows.
    pub(crate) fn revoke(&mut self) {
        if self.ended != [true; 2] {
            self.sorted.iter_mut().for_each(|side| side.groups.revoke());
        }
    }

    /// Continues [`SortMergeJoin::revoke`].
    ///
    /// # Errors
    /// Fails if a page cannot be written.
    pub(crate) fn continue_revoking(&mut self) -> Result<Progress> {
        for side in &mut self.sorted {
            ready!(side.groups.continue_revoking()?);
        }
        Ok(Progress::Done)
    }

    /// The number of leading leaves of the sort order that are the key.
    fn leading(&self) -> usize {
        self.sides[0].key.len()
    }

    /// Probes the next page.
    fn stream(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        let Some(BlockJoin { built, stream, page: begun, pass, .. }) = &mut self.block else {
            return Ok(Progress::Done);
        };
        let (page, mut next) = match begun.take() {
            Some(begun) => begun,
            None => match self.sorted[1 - built.side].poll(stream)? {
                Poll::Ready(Some(page)) => (page, 0),
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(None) => {
                    self.stage = MergeStage::Finish;
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
        // Yields, so that other work can run.
        Ok(Progress::Yield)
    }

    /// Emits results of build rows, and drops the table.
    fn finish(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        let Some(block) = &mut self.block else { return Ok(Progress::Done) };
        ready!(emitter.finish(&mut block.built, &mut self.cursor, out)?);
        self.cursor = 0;
        drop(block.built.table.take_pages());
        if block.key.as_ref().is_some_and(|key| key.is_left) {
            self.stage = MergeStage::Load;
            return Ok(Progress::Done);
        }
        if let Some(key) = self.block.take().and_then(|block| block.key) {
            for (side, group) in self.sorted.iter().zip(key.groups) {
                side.forget(group);
            }
        }
        self.end_block()
    }

    /// Reserves memory for the next table.
    fn end_block(&mut self) -> Result<Progress> {
        if self.memory.try_reserve(MERGE_TABLES_BYTES) {
            self.room.resize(MERGE_TABLES_BYTES)?;
        }
        self.stage = MergeStage::Choose;
        Ok(Progress::Yield)
    }
}

/// The maximum bytes that a page's rows add to a table.
fn pages_bytes(table: &JoinTable, page: &Page) -> usize {
    let mut all = Selection::default();
    all.set(0..page.rows() as u32);
    table.bytes_for(&Input::new(&page.batch(), &all))
}
