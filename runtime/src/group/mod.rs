//! Hybrid hash aggregation: groups rows in a table that spills to disk part by part.
//!
//! An operator supplies a `GroupUpdate`, which turns rows and states into groups of a table. A
//! `HybridHashAggregation` does the rest:
//!
//! 1. While there is memory, rows are added to the table. A table that grows large divides its rows
//!    into 16 parts by a hash, each in pages of its own. To divide them when memory is refused
//!    would be a pass over all rows.
//! 2. If memory is refused, the largest parts are written to disk, each once.
//! 3. Later rows of these parts begin new states in a second table, which fits a core's second
//!    cache. A full second table writes its pages to disk and drops its groups. If it found hardly
//!    any duplicates, the next 15 are filled without lookups, as in combiners.
//! 4. At the end the groups of the first table are emitted. Each part on disk is then read into a
//!    table of its own, where states are merged. That table may spill again, by other bits of the
//!    hash. Parts wait in a list, not on a stack of calls.
//!
//! So a frequent key costs a row per second table, a rare key no more than its write. No index is
//! scanned repeatedly.
//!
//! An index uses other bits of the hash than the parts. Else the rows of a part would fill one end
//! of the next table's index. A large divided table has one index per part. It grows by a sixteenth
//! at a time and is freed with its part. So no part is evicted only because an index doubles for a
//! moment.
//!
//! # Limits
//! Hashes divide rows down to level [`LAST_LEVEL`]. Below it, each pass finishes as many groups as
//! memory holds, and writes the rows of the others to disk again. A group's row, its closure's
//! result, and one more row must fit memory together.
//!
//! # Source
//! Hybrid hashing (Shapiro, 1986), with states instead of rows; early aggregation (Larson, 1997)
//! for states that are written.

mod bypass;
mod combiner;
mod driver;
mod spilled;
mod kernel;
mod unplaced;
mod table;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;

use crate::error::Result;
use crate::group::bypass::AggregationBypass;
use crate::group::spilled::Stage;
use crate::kernel::TaskContext;
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS, WRITE_PAGES};
use crate::page::{Input, Page, RowWriter, Selection};
use crate::spill::{Spilled, Spiller};
use crate::strategy::{Cursor, Progress};

pub(crate) use combiner::Combiner;
pub(crate) use driver::{FinalAggregate, PreAggregate};
pub use kernel::{Accumulate, AccumulateFactory, Reduce, ReduceFactory};
pub(crate) use table::nulls_last;
pub use table::{
    Combined, Combining, Deciding, FoundRows, GroupTable, Groups, GrowthPolicy, KeyCursor, LAST_LEVEL, PartSet,
    StateReader, StateRow, StateRows, StateSlot, TablePage, part_of_hash,
};
pub(crate) use table::{Parting, StoredPage, live_rows};
pub use unplaced::UnplacedRows;
pub(crate) use unplaced::probe;

/// The part of a table that leaves at least, when some of it must.
pub(crate) const EVICTED_SHARE: usize = 16;

/// Groups that the table of what has left holds at once: with their index they stay in a core's second cache.
const PASSING_GROUPS: usize = 16 << 10;

/// Cursors of a window of which a part is done: the rest is to be added, or written on.
const REST: Cursor = 1;
const OTHERS: Cursor = 2;

/// What came of making room in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Made,
    /// Pages must be written first.
    Awaited,
    /// There is nothing to give.
    None,
}

/// What rows are to the operator that groups them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Rows of its input.
    New,
    /// Rows of its table, that were kept.
    States,
}

/// How rows become groups.
pub trait GroupUpdate: Send {
    /// Adds rows to their groups. Rows that found no room are left.
    ///
    /// # Errors
    /// What kernels give.
    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, rows: Rows, left: &mut UnplacedRows) -> Result<()>;

    /// The leaves of rows that tell which group is theirs.
    fn key(&self, rows: Rows) -> &[usize];

    /// What is given for a page of the table's rows, whose groups are complete.
    ///
    /// # Errors
    /// Where a state has no value in the output.
    fn finish(&mut self, page: Page) -> Result<Page> {
        Ok(page)
    }
}

/// The groups of one task.
pub(crate) struct HybridHashAggregation {
    table: GroupTable,
    /// For groups whose part of the table has left, and rows that it took since it was last emptied.
    passing: Option<GroupTable>,
    passed: usize,
    bypass: AggregationBypass,
    /// Rows of a window: for the table, and for the other one.
    divided: [Selection; 2],
    memory: Memory,
    spiller: Spiller,
    unplaced: UnplacedRows,
    /// What is left of the window that is being added: now, and then.
    rest: Selection,
    later: Vec<u32>,
    level: u32,
    /// Parts that have left the table.
    gone: PartSet,
    spilled: SpilledParts,
    /// Rows that hashes do not tell from those of the table.
    others: RowWriter,
    /// Parts of tables that are done, each with the level of the table it is to be read into.
    work: Vec<(Spilled, u32)>,
    stage: Stage,
}

/// What is on disk, by part.
#[derive(Default)]
struct SpilledParts([Spilled; SPILL_PARTS]);

impl SpilledParts {
    /// Has pages of parts written: their bytes.
    fn write(&mut self, spiller: &Spiller, parts: impl IntoIterator<Item = (usize, VecDeque<Page>)>) -> usize {
        let mut bytes = 0;
        for (part, pages) in parts.into_iter().filter(|(_, pages)| !pages.is_empty()) {
            bytes += pages.iter().map(Page::bytes).sum::<usize>();
            spiller.write(&mut self.0[part], pages);
        }
        bytes
    }
}

impl HybridHashAggregation {
    /// Groups in an empty table. `aside` bytes are left free for the folding's own records.
    pub(crate) fn new(table: GroupTable, aside: usize, context: &TaskContext) -> Self {
        HybridHashAggregation {
            others: RowWriter::new(table.layout().clone(), context.memory.clone()),
            table: table.growing(GrowthPolicy::Spilling { aside }),
            passing: None,
            passed: 0,
            bypass: AggregationBypass::default(),
            divided: Default::default(),
            memory: context.memory.clone(),
            spiller: context.spiller(),
            unplaced: UnplacedRows::default(),
            rest: Selection::default(),
            later: Vec::new(),
            level: 0,
            gone: [false; SPILL_PARTS],
            spilled: SpilledParts::default(),
            work: Vec::new(),
            stage: Stage::Filling,
        }
    }

    /// Adds a window of rows; `cursor` is the driver's, where one call is followed by others.
    pub(crate) fn add(
        &mut self,
        update: &mut dyn GroupUpdate,
        input: &Input<'_>,
        rows: Rows,
        cursor: &mut Cursor,
    ) -> Result<Progress> {
        loop {
            if *cursor != OTHERS {
                self.unplaced.clear();
                let added = self.add_some(update, input, rows, *cursor == 0);
                self.set_must_grow(false);
                added?;
                if self.unplaced.is_empty() && self.later.is_empty() {
                    *cursor = 0;
                    self.table.split_early()?;
                    return Ok(Progress::Done);
                }
            }
            if self.level == LAST_LEVEL && !self.table.is_empty() {
                *cursor = OTHERS;
                if !self.write_others(input)? {
                    return Ok(Progress::Pending);
                }
            }
            *cursor = REST;
            self.rest.set(self.unplaced.rows().chain(self.later.drain(..)));
            if self.unplaced.refused && !self.rest.is_empty() {
                match self.make_room()? {
                    Room::Made => {}
                    Room::Awaited => return Ok(Progress::Pending),
                    Room::None => self.insist(),
                }
            }
        }
    }

    /// Adds rows to the tables that they belong to: all of a window, or what is left of it.
    fn add_some(&mut self, update: &mut dyn GroupUpdate, input: &Input<'_>, rows: Rows, all: bool) -> Result<()> {
        let now = if all { *input } else { Input::new(input.batch(), &self.rest) };
        let Some(passing) = &mut self.passing else {
            return update.add(&mut self.table, &now, rows, &mut self.unplaced);
        };
        if passing.len() + now.len() > PASSING_GROUPS {
            let is_apart = self.bypass.next(passing.len(), std::mem::take(&mut self.passed));
            let passed = passing.pass_on(WRITE_PAGES);
            passing.set_bypass(is_apart);
            self.spilled.write(&self.spiller, passed);
        }
        if self.gone == [true; SPILL_PARTS] {
            self.passed += now.len();
            return update.add(passing, &now, rows, &mut self.unplaced);
        }
        self.table.divide(&now, update.key(rows), &self.gone, &mut self.divided);
        self.passed += self.divided[1].rows().len();
        for (table, divided) in [&mut self.table, passing].into_iter().zip(&self.divided) {
            if !divided.is_empty() {
                update.add(table, &Input::new(input.batch(), divided), rows, &mut self.unplaced)?;
            }
        }
        Ok(())
    }

    /// Whether refused memory is an error.
    fn set_must_grow(&mut self, required: bool) {
        self.table.set_must_grow(required);
        self.passing.iter_mut().for_each(|passing| passing.set_must_grow(required));
    }

    /// Bytes of its tables.
    pub(crate) fn bytes(&self) -> usize {
        self.table.bytes() + self.passing.as_ref().map_or(0, GroupTable::bytes)
    }

    /// Gives memory back, or begins to: first what it holds and does not use.
    pub(crate) fn revoke(&mut self, bytes: usize) -> Result<()> {
        let unused = self.memory.shrink_to(self.table.room_beside());
        if unused >= bytes {
            return Ok(());
        }
        let gives = self.stage.is_filling() && self.level < LAST_LEVEL;
        if !(gives && self.evict(bytes - unused)?) && self.table.is_empty() {
            self.memory.shrink();
        }
        Ok(())
    }

    /// Makes room in the tables.
    fn make_room(&mut self) -> Result<Room> {
        self.spiller.check()?;
        let is_last = self.level == LAST_LEVEL;
        if self.table.compact(is_last)? {
            return Ok(Room::Made);
        }
        if self.spiller.unwritten_bytes() > 0 {
            return Ok(Room::Awaited);
        }
        let has_given = !is_last && self.evict(self.table.bytes() / EVICTED_SHARE)?;
        Ok(if has_given { Room::Made } else { Room::None })
    }

    /// Has the first row of the rest added whatever it takes, as there is nothing else to give: what must fit is one row, not all of them.
    fn insist(&mut self) {
        drop(self.table.shed());
        self.set_must_grow(true);
        self.later.extend(self.rest.rows().iter().skip(1));
        self.rest.truncate(1);
    }

    /// Has pages written that take so many bytes together, parts of the table where others are not enough; whether there was something to write.
    fn evict(&mut self, goal: usize) -> Result<bool> {
        let goal = goal.max(PAGE_BYTES);
        let mut bytes = 0;
        if let Some(passing) = &mut self.passing {
            let passed = passing.pass_on(1);
            self.passed = 0;
            bytes += self.spilled.write(&self.spiller, passed);
        }
        if bytes < goal && !self.table.is_empty() {
            self.table.split()?;
            bytes += self.evict_parts(goal - bytes)?;
        }
        if bytes == 0
            && let Some(passing) = &mut self.passing
        {
            // Pages that are not full leave only where there are no others.
            bytes += self.spilled.write(&self.spiller, passing.evict(&[true; SPILL_PARTS]));
        }
        Ok(bytes > 0)
    }

    /// Has the largest parts of the table written: the bytes of their pages and indexes.
    fn evict_parts(&mut self, goal: usize) -> Result<usize> {
        let sizes: [usize; SPILL_PARTS] = std::array::from_fn(|part| self.table.freed_by(part));
        let (mut leaving, mut bytes) = ([false; SPILL_PARTS], 0);
        while bytes < goal {
            let staying = (0..SPILL_PARTS).filter(|&part| !leaving[part] && sizes[part] > 0);
            let Some(largest) = staying.max_by_key(|&part| sizes[part]) else { break };
            leaving[largest] = true;
            bytes += sizes[largest];
        }
        for part in (0..SPILL_PARTS).filter(|&part| leaving[part]) {
            self.gone[part] = true;
            self.spiller.count_part();
        }
        if bytes > 0 && self.passing.is_none() {
            self.passing = Some(self.table.at_level(self.level)?);
        }
        self.spilled.write(&self.spiller, self.table.evict(&leaving));
        Ok(bytes)
    }

    /// Writes rows on whose groups are not in the table and find no room there, where other bits of their hash would tell nothing. Page by
    /// page, as there is little memory: whether to go on, or to wait until one is written.
    fn write_others(&mut self, input: &Input<'_>) -> Result<bool> {
        // From now on all rows of these groups are written on, even where there is room again.
        self.table.freeze();
        while let Some(row) = self.unplaced.missed.pop() {
            self.rest.set([row]);
            self.others.append(&Input::new(input.batch(), &self.rest), None)?;
            if self.others.has_sealed() {
                self.write_closed_others();
                if self.spiller.unwritten_bytes() > 0 {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn write_closed_others(&mut self) {
        let pages: Vec<Page> = self.others.take_sealed().collect();
        self.spilled.write(&self.spiller, [(0, pages.into())]);
    }
}
