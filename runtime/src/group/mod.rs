//! Hybrid hash aggregation: groups rows in a table that spills to disk part by part.
//!
//! An operator supplies a `GroupUpdate`, which turns rows and states into groups of a table. A
//! `HybridHashAggregation` does the rest:
//!
//! 1. While there is memory, rows are added to the table. A table that grows large divides its rows
//!    into 16 parts by a hash, each in pages of its own. If this was left until memory is refused,
//!    it would be a pass over all rows.
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
use crate::group::spilled::GroupingStage;
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
pub(crate) use table::{Parting, StoredPage, link_leaves, live_rows};
pub use unplaced::UnplacedRows;
pub(crate) use unplaced::probe;

/// The share of a table that is evicted at least: one part of `EVICTED_SHARE`.
pub(crate) const EVICTED_SHARE: usize = 16;

/// The maximum number of groups of the second table. With their index they fit in the second-level
/// cache of a core.
const SECOND_TABLE_GROUPS: usize = 16 << 10;

/// Cursors of a window that is partly added. `REST`: the rest is to be added. `DEFERRING`: rows are
/// to be written to disk.
const REST: Cursor = 1;
const DEFERRING: Cursor = 2;

/// The result of making room in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Made,
    /// Pages must be written first.
    Awaited,
    /// Nothing can be evicted.
    None,
}

/// The origin of the rows that an operator groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Rows of its input.
    New,
    /// States of groups: rows of its table that were on disk.
    States,
}

/// Converts rows to groups.
pub trait GroupUpdate: Send {
    /// Adds rows to their groups. Rows that found no room are put into `left`.
    ///
    /// # Errors
    /// Fails if a kernel fails.
    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, rows: Rows, left: &mut UnplacedRows) -> Result<()>;

    /// The leaves of the rows that identify their group.
    fn key(&self, rows: Rows) -> &[usize];

    /// Converts a page of the table's rows, whose groups are complete, to output rows.
    ///
    /// # Errors
    /// Fails if a state has no value in the output.
    fn finish(&mut self, page: Page) -> Result<Page> {
        Ok(page)
    }
}

/// The groups of one task.
pub(crate) struct HybridHashAggregation {
    table: GroupTable,
    /// The second table, for groups of evicted parts. `second_table_rows` is the number of rows
    /// that were added since it was last emptied.
    second_table: Option<GroupTable>,
    second_table_rows: usize,
    bypass: AggregationBypass,
    /// The rows of a window for the table, and for the second one.
    divided: [Selection; 2],
    memory: Memory,
    spiller: Spiller,
    unplaced: UnplacedRows,
    /// The rest of the current window. `later` are added after `rest`.
    rest: Selection,
    later: Vec<u32>,
    level: u32,
    /// The parts that were evicted from the table.
    evicted_parts: PartSet,
    spilled: SpilledParts,
    /// Rows at the last level whose groups are not in the table. They are written to disk.
    deferred_rows: RowWriter,
    /// Spilled parts of finished tables, each with the level of the table that reads it.
    pending_parts: Vec<(Spilled, u32)>,
    stage: GroupingStage,
}

/// The spilled pages of each part.
#[derive(Default)]
struct SpilledParts([Spilled; SPILL_PARTS]);

impl SpilledParts {
    /// Writes pages of parts. Returns their bytes.
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
    /// Starts with an empty table. `aside` bytes stay free for the records of the update.
    pub(crate) fn new(table: GroupTable, aside: usize, context: &TaskContext) -> Self {
        HybridHashAggregation {
            deferred_rows: RowWriter::new(table.layout().clone(), context.memory.clone()),
            table: table.growing(GrowthPolicy::Spilling { aside }),
            second_table: None,
            second_table_rows: 0,
            bypass: AggregationBypass::default(),
            divided: Default::default(),
            memory: context.memory.clone(),
            spiller: context.spiller(),
            unplaced: UnplacedRows::default(),
            rest: Selection::default(),
            later: Vec::new(),
            level: 0,
            evicted_parts: [false; SPILL_PARTS],
            spilled: SpilledParts::default(),
            pending_parts: Vec::new(),
            stage: GroupingStage::Filling,
        }
    }

    /// Adds a window of rows. `cursor` is that of the driver. It connects calls for the same
    /// window.
    pub(crate) fn add(
        &mut self,
        update: &mut dyn GroupUpdate,
        input: &Input<'_>,
        rows: Rows,
        cursor: &mut Cursor,
    ) -> Result<Progress> {
        loop {
            if *cursor != DEFERRING {
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
                *cursor = DEFERRING;
                if !self.write_deferred(input)? {
                    return Ok(Progress::Pending);
                }
            }
            *cursor = REST;
            self.rest.set(self.unplaced.rows().chain(self.later.drain(..)));
            if self.unplaced.refused && !self.rest.is_empty() {
                match self.make_room()? {
                    Room::Made => {}
                    Room::Awaited => return Ok(Progress::Pending),
                    Room::None => self.force_first_row(),
                }
            }
        }
    }

    /// Adds rows to their tables: all rows of a window, or the rest of it.
    fn add_some(&mut self, update: &mut dyn GroupUpdate, input: &Input<'_>, rows: Rows, all: bool) -> Result<()> {
        let now = if all { *input } else { Input::new(input.batch(), &self.rest) };
        let Some(second) = &mut self.second_table else {
            return update.add(&mut self.table, &now, rows, &mut self.unplaced);
        };
        if second.len() + now.len() > SECOND_TABLE_GROUPS {
            let bypasses = self.bypass.next(second.len(), std::mem::take(&mut self.second_table_rows));
            let pages = second.pass_on(WRITE_PAGES);
            second.set_bypass(bypasses);
            self.spilled.write(&self.spiller, pages);
        }
        if self.evicted_parts == [true; SPILL_PARTS] {
            self.second_table_rows += now.len();
            return update.add(second, &now, rows, &mut self.unplaced);
        }
        self.table.divide(&now, update.key(rows), &self.evicted_parts, &mut self.divided);
        self.second_table_rows += self.divided[1].rows().len();
        for (table, divided) in [&mut self.table, second].into_iter().zip(&self.divided) {
            if !divided.is_empty() {
                update.add(table, &Input::new(input.batch(), divided), rows, &mut self.unplaced)?;
            }
        }
        Ok(())
    }

    /// Sets whether refused memory is an error.
    fn set_must_grow(&mut self, required: bool) {
        self.table.set_must_grow(required);
        self.second_table.iter_mut().for_each(|second| second.set_must_grow(required));
    }

    /// The bytes of its tables.
    pub(crate) fn bytes(&self) -> usize {
        self.table.bytes() + self.second_table.as_ref().map_or(0, GroupTable::bytes)
    }

    /// Releases memory, or starts to. Unused memory is first.
    pub(crate) fn revoke(&mut self, bytes: usize) -> Result<()> {
        let unused = self.memory.shrink_to(self.table.room_beside());
        if unused >= bytes {
            return Ok(());
        }
        let may_evict = self.stage.is_filling() && self.level < LAST_LEVEL;
        if !(may_evict && self.evict(bytes - unused)?) && self.table.is_empty() {
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
        let has_evicted = !is_last && self.evict(self.table.bytes() / EVICTED_SHARE)?;
        Ok(if has_evicted { Room::Made } else { Room::None })
    }

    /// Sets that the first row of the rest is added even if memory is refused, because nothing can
    /// be evicted. Only one row has to fit, not all of them.
    fn force_first_row(&mut self) {
        drop(self.table.shed());
        self.set_must_grow(true);
        self.later.extend(self.rest.rows().iter().skip(1));
        self.rest.truncate(1);
    }

    /// Spills pages of `goal` bytes: those of the second table, and parts of the table if these are
    /// not enough. Returns `false` if there was nothing to spill.
    fn evict(&mut self, goal: usize) -> Result<bool> {
        let goal = goal.max(PAGE_BYTES);
        let mut bytes = 0;
        if let Some(second) = &mut self.second_table {
            let pages = second.pass_on(1);
            self.second_table_rows = 0;
            bytes += self.spilled.write(&self.spiller, pages);
        }
        if bytes < goal && !self.table.is_empty() {
            self.table.split()?;
            bytes += self.evict_parts(goal - bytes)?;
        }
        if bytes == 0
            && let Some(second) = &mut self.second_table
        {
            // Open pages are spilled only if there are no closed ones.
            bytes += self.spilled.write(&self.spiller, second.evict(&[true; SPILL_PARTS]));
        }
        Ok(bytes > 0)
    }

    /// Spills the largest parts of the table. Returns the bytes of their pages and indexes.
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
            self.evicted_parts[part] = true;
            self.spiller.count_part();
        }
        if bytes > 0 && self.second_table.is_none() {
            self.second_table = Some(self.table.at_level(self.level)?);
        }
        self.spilled.write(&self.spiller, self.table.evict(&leaving));
        Ok(bytes)
    }

    /// Writes rows to disk whose groups are not in the table and find no room there. At the last
    /// level, other bits of the hash would not divide them. Writes page by page, since little
    /// memory is left. Returns `false` if the caller has to wait until a page is written.
    fn write_deferred(&mut self, input: &Input<'_>) -> Result<bool> {
        // From now on all rows of these groups are written to disk, even if there is room again.
        self.table.freeze();
        while let Some(row) = self.unplaced.missed.pop() {
            self.rest.set([row]);
            self.deferred_rows.append(&Input::new(input.batch(), &self.rest), None)?;
            if self.deferred_rows.has_sealed() {
                self.write_closed_deferred();
                if self.spiller.unwritten_bytes() > 0 {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn write_closed_deferred(&mut self) {
        let pages: Vec<Page> = self.deferred_rows.take_sealed().collect();
        self.spilled.write(&self.spiller, [(0, pages.into())]);
    }
}
