//! The build phase: rows enter a table, or partitions after memory was refused.

use std::collections::VecDeque;

use crate::error::Result;
use crate::join::JoinContext;
use crate::join::buffered::BufferedProbeRows;
use crate::join::partitions::{PROBE_BYTES, Partitions, STEP_BYTES};
use crate::join::shared::SharedBuild;
use crate::join::side::BuildSide;
use crate::join::table::JoinTable;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Input, Page, Selection};
use crate::strategy::{Progress, ready};

/// A filter over the keys on disk takes at most `1 / FILTER_SHARE` of the memory that the rows
/// took.
const FILTER_SHARE: usize = 16;

/// Pages that are partitioned in one call.
const PAGES_A_CALL: usize = 64;

/// Bytes that stay free while rows are in a table, so that they can be partitioned: an open page
/// for each partition, and the rows that are written in one step.
pub(super) const PARTITION_BYTES: usize = SPILL_PARTS * PAGE_BYTES + STEP_BYTES;

/// One side of a join while its rows arrive.
pub(super) struct Building {
    pub(super) built: BuildSide,
    /// The number of partitionings that the rows went through before.
    level: u32,
    /// The partitions of all rows. `None` until memory is refused.
    pub(super) partitions: Option<Partitions>,
    /// Pages of the table that are not partitioned yet.
    pub(super) unpartitioned: VecDeque<Page>,
    /// Pages of rows that are inserted once more, because the build side was settled after they
    /// arrived.
    pub(super) reinserted_pages: VecDeque<Page>,
    /// The first row of the first of these pages that is not inserted yet.
    next_reinserted: usize,
    /// Revoked bytes that the task still holds.
    pub(super) revoke_debt: usize,
    /// Set if all tasks build one table. The task then keeps only its share of the rows.
    pub(super) shared: Option<SharedBuild>,
    pub(super) buffered: BufferedProbeRows,
}

impl Building {
    /// Builds an empty table, for rows that were partitioned `level` times.
    pub(super) fn new(built: BuildSide, level: u32) -> Self {
        Building {
            built,
            level,
            partitions: None,
            unpartitioned: VecDeque::new(),
            reinserted_pages: VecDeque::new(),
            next_reinserted: 0,
            revoke_debt: 0,
            shared: None,
            buffered: BufferedProbeRows::default(),
        }
    }

    /// Inserts rows of the build side.
    pub(super) fn insert(&mut self, input: &Input<'_>, join: &mut JoinContext) -> Result<Progress> {
        ready!(self.reinsert(join)?);
        self.insert_rows(input, join)
    }

    /// Inserts the rows of `reinserted_pages`.
    pub(super) fn reinsert(&mut self, join: &mut JoinContext) -> Result<Progress> {
        while let Some(page) = self.reinserted_pages.front().cloned() {
            let mut window = Selection::default();
            while self.next_reinserted < page.rows() {
                let end = window.fill(self.next_reinserted..page.rows());
                ready!(self.insert_rows(&Input::new(&page.batch(), &window), join)?);
                self.next_reinserted = end;
            }
            self.reinserted_pages.pop_front();
            self.next_reinserted = 0;
        }
        Ok(Progress::Done)
    }

    fn insert_rows(&mut self, input: &Input<'_>, join: &mut JoinContext) -> Result<Progress> {
        let side = &join.sides[self.built.side];
        let kept = side.rows_to_keep(input);
        let input = &kept.as_ref().map_or(*input, |kept| Input::new(input.batch(), kept));
        let share = self.shared.as_mut().map(|shared| shared.share_of(input, &side.key));
        let input = &share.as_ref().map_or(*input, |share| Input::new(input.batch(), share));
        if self.partitions.is_none() {
            if self.try_insert(input, join)? {
                return Ok(Progress::Done);
            }
            self.partition(join);
        }
        ready!(self.distribute(join)?);
        let Some(partitions) = &mut self.partitions else { return Ok(Progress::Done) };
        if partitions.is_idle() {
            partitions.keys.note(input);
            partitions.route(input, &join.sides[self.built.side].key, |_, _, _| true);
        }
        partitions.write(input.batch(), &mut join.disk)
    }

    /// Inserts rows into the table. Returns `false` if memory is refused.
    pub(super) fn try_insert(&mut self, input: &Input<'_>, join: &JoinContext) -> Result<bool> {
        let table = &mut self.built.table;
        let need = || table.bytes_for(input) + table.build_bytes(input.len()) + PARTITION_BYTES;
        let is_granted = !join.spills || join.disk.try_reserve(need());
        if is_granted {
            table.add(input)?;
        }
        Ok(is_granted)
    }

    /// Buffers probe rows that were in flight when the build side was settled.
    pub(super) fn buffer(&mut self, input: &Input<'_>, join: &mut JoinContext) -> Result<Progress> {
        let kept = join.sides[1 - self.built.side].rows_to_keep(input);
        let input = &kept.as_ref().map_or(*input, |kept| Input::new(input.batch(), kept));
        ready!(self.reinsert(join)?);
        let bytes = self.buffered.bytes_for(input);
        if self.partitions.is_none() && !join.disk.try_reserve(PARTITION_BYTES + bytes) {
            self.partition(join);
        }
        ready!(self.distribute(join)?);
        if let Some(partitions) = &mut self.partitions {
            ready!(partitions.make_room(bytes, &mut join.disk)?);
        }
        self.buffered.append(input)?;
        if self.partitions.is_some() {
            self.buffered.spill();
        }
        Ok(Progress::Done)
    }

    /// Starts to partition the build side.
    pub(super) fn partition(&mut self, join: &mut JoinContext) {
        let table = &mut self.built.table;
        let rows = table.len();
        let mut partitions =
            Partitions::new(&join.sides[self.built.side], table.layout(), self.level, &join.disk.memory);
        partitions.keys = table.keys().clone();
        self.unpartitioned.extend(table.take_pages());
        let held = self.unpartitioned.iter().map(Page::bytes).sum::<usize>() + JoinTable::index_bytes(rows);
        join.filter_bytes = join.filter_bytes.max(held / FILTER_SHARE).max(PAGE_BYTES);
        partitions.remember_keys(join.filter_bytes, &join.disk.memory);
        self.partitions = Some(partitions);
        self.buffered.spill();
    }

    /// Moves rows from whole pages into partitions. A page is dropped after its rows were moved.
    pub(super) fn distribute(&mut self, join: &mut JoinContext) -> Result<Progress> {
        let Some(partitions) = &mut self.partitions else { return Ok(Progress::Done) };
        if self.buffered.are_being_written()? {
            return Ok(Progress::Pending);
        }
        let mut all = Selection::default();
        for _ in 0..PAGES_A_CALL {
            let Some(page) = self.unpartitioned.front() else { return Ok(Progress::Done) };
            let batch = page.batch();
            if partitions.is_idle() {
                all.set(0..batch.rows() as u32);
                let key = &join.sides[self.built.side].key;
                partitions.route(&Input::new(&batch, &all), key, |_, _, _| true);
            }
            ready!(partitions.write(&batch, &mut join.disk)?);
            self.unpartitioned.pop_front();
        }
        Ok(if self.unpartitioned.is_empty() { Progress::Done } else { Progress::Yield })
    }

    /// Ends the build side: indexes a table of all rows, or of the partitions that stay in memory.
    /// `stream_bytes` are reserved for reading the probe side.
    pub(super) fn finish(&mut self, stream_bytes: usize, join: &mut JoinContext) -> Result<Progress> {
        ready!(self.reinsert(join)?);
        if self.partitions.is_none() {
            if !join.spills || join.disk.try_reserve(self.built.table.build_bytes(0)) {
                self.built.table.build()?;
                join.disk.memory.shrink();
                return Ok(Progress::Done);
            }
            self.partition(join);
        }
        ready!(self.distribute(join)?);
        let Some(partitions) = &mut self.partitions else { return Ok(Progress::Done) };
        if join.keeps_build && self.level == 0 {
            partitions.spill_all(&mut join.disk);
            ready!(join.disk.reserve_followers(stream_bytes)?);
        } else {
            ready!(partitions.fit(&self.built.table, PROBE_BYTES + stream_bytes, &mut join.disk)?);
            for page in partitions.take_pages() {
                self.built.table.adopt(page)?;
            }
            partitions.keys_on_disk().drop_if_crowded();
        }
        self.built.table.build()?;
        Ok(Progress::Done)
    }

    /// Starts to release memory. [`Building::continue_revoking`] completes it.
    pub(super) fn revoke(&mut self, bytes: usize, join: &mut JoinContext) {
        self.revoke_debt += bytes;
        if self.partitions.is_none() && self.reinserted_pages.is_empty() {
            self.partition(join);
        }
    }

    /// Partitions the rows and spills the largest partitions until the revoked bytes are free.
    ///
    /// # Errors
    /// Fails if a page cannot be written.
    pub(super) fn continue_revoking(&mut self, join: &mut JoinContext) -> Result<Progress> {
        if self.revoke_debt == 0 {
            return Ok(Progress::Done);
        }
        ready!(self.reinsert(join)?);
        if self.partitions.is_none() {
            self.partition(join);
        }
        ready!(self.distribute(join)?);
        while let Some(partitions) = self.partitions.as_mut().filter(|_| self.revoke_debt > 0) {
            match partitions.spill_largest(&mut join.disk) {
                0 => break,
                spilled => self.revoke_debt = self.revoke_debt.saturating_sub(spilled),
            }
        }
        self.revoke_debt = 0;
        join.disk.memory.shrink();
        Ok(Progress::Done)
    }
}
