//! How one side of a join becomes a table, and parts on disk where memory does not hold it.

use crate::error::Result;
use crate::join::partitions::{Partitions, STEP_BYTES};
use crate::join::table::JoinTable;
use crate::join::{HybridHashJoin, Stage};
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Input, Page, Selection};
use crate::strategy::{Progress, ready};

/// The part of what a task holds that a filter over its rows on disk may take: `1 / FILTER_SHARE`.
const FILTER_SHARE: usize = 16;

/// Pages of a table that are cut before a task looks up.
const CUT_PAGES: usize = 64;

/// Kept free while rows are in a table, so that they can be cut: an open page for each part, and what is written at a time.
pub(super) const CUT_BYTES: usize = SPILL_PARTS * PAGE_BYTES + STEP_BYTES;

/// Free beside the parts while a side is probed: for rows that are large, and pages that are read.
pub(super) const PROBE_BYTES: usize = 2 * STEP_BYTES;

impl HybridHashJoin {
    /// Adds rows of the side that is built.
    pub(crate) fn add(&mut self, side: usize, input: &Input<'_>) -> Result<Progress> {
        let kept = self.sides[side].worth_keeping(input);
        let input = &kept.as_ref().map_or(*input, |kept| Input::new(input.batch(), kept));
        let key = &self.sides[side].key;
        // Until the roles are settled, a task has all rows of the build side.
        let shared = self.shared.as_mut().filter(|_| self.trial.is_none());
        let share = shared.map(|shared| shared.share_of(input, key));
        let input = &share.as_ref().map_or(*input, |share| Input::new(input.batch(), share));
        if self.parts.is_none() {
            let table = &self.built.table;
            let need = || table.bytes_for(input) + table.build_bytes(input.len()) + CUT_BYTES;
            if !self.spills || self.disk.try_reserve(need()) {
                self.built.table.add(input)?;
                return Ok(Progress::Done);
            }
            if self.trial.is_some() {
                self.keep_roles();
                return Ok(Progress::Yield);
            }
            self.cut();
        }
        ready!(self.distribute()?);
        let Some(parts) = &mut self.parts else { return Ok(Progress::Done) };
        if parts.is_idle() {
            parts.keys.note(input);
            parts.route(input, &self.sides[side].key, |_, _, _| true);
        }
        parts.write(input.batch(), &mut self.disk)
    }

    /// Makes room for so many bytes beside the rows that it collects.
    pub(super) fn room_to_collect(&mut self, bytes: usize) -> Result<Progress> {
        if self.parts.is_none() {
            if self.disk.try_reserve(CUT_BYTES + bytes) {
                return Ok(Progress::Done);
            }
            self.cut();
        }
        ready!(self.distribute()?);
        let Some(parts) = &mut self.parts else { return Ok(Progress::Done) };
        parts.room(bytes, &mut self.disk)
    }

    /// Begins to cut the build side into parts.
    pub(crate) fn cut(&mut self) {
        let side = &self.sides[self.built.side];
        let mut parts = Partitions::new(side, self.built.table.layout(), self.level, &self.disk.memory);
        let rows = self.built.table.len();
        parts.keys = self.built.table.keys().clone();
        self.uncut.extend(self.built.table.take_pages());
        let held = self.uncut.iter().map(Page::bytes).sum::<usize>() + JoinTable::index_bytes(rows);
        self.filter_bytes = self.filter_bytes.max(held / FILTER_SHARE).max(PAGE_BYTES);
        parts.remember_keys(self.filter_bytes, &self.disk.memory);
        self.parts = Some(parts);
        self.early.spill();
    }

    /// Moves rows from whole pages into parts: a page is gone when its rows are moved.
    pub(crate) fn distribute(&mut self) -> Result<Progress> {
        let Some(parts) = &mut self.parts else { return Ok(Progress::Done) };
        if self.early.are_being_written()? {
            return Ok(Progress::Pending);
        }
        let mut all = Selection::default();
        for _ in 0..CUT_PAGES {
            let Some(page) = self.uncut.front() else { return Ok(Progress::Done) };
            let batch = page.batch();
            if parts.is_idle() {
                all.set(0..batch.rows() as u32);
                parts.route(&Input::new(&batch, &all), &self.sides[self.built.side].key, |_, _, _| true);
            }
            if parts.write(&batch, &mut self.disk)? == Progress::Pending {
                return Ok(Progress::Pending);
            }
            self.uncut.pop_front();
        }
        Ok(if self.uncut.is_empty() { Progress::Done } else { Progress::Yield })
    }

    /// Builds the table, of all rows or of the parts that stay in memory; so much is needed for reading what goes past it.
    pub(crate) fn build(&mut self, stream_bytes: usize) -> Result<Progress> {
        ready!(self.build_together()?);
        if self.stage == Stage::Probe {
            return Ok(Progress::Done);
        }
        if self.parts.is_none() {
            if !self.spills || self.disk.try_reserve(self.built.table.build_bytes(0)) {
                self.built.table.build()?;
                self.disk.memory.shrink();
                self.begin_probe();
                return Ok(Progress::Done);
            }
            self.cut();
        }
        ready!(self.distribute()?);
        if let Some(side) = self.kept_side.filter(|_| self.level == 0) {
            return self.leave_memory(side);
        }
        if let Some(parts) = &mut self.parts {
            if parts.settle(&self.built.table, PROBE_BYTES + stream_bytes, &mut self.disk)? == Progress::Pending {
                return Ok(Progress::Pending);
            }
            for page in parts.take_pages() {
                self.built.table.adopt(page)?;
            }
            parts.keys_on_disk().drop_if_crowded();
            let other = 1 - self.built.side;
            let partners = || parts.partners(&self.sides[other], &self.layouts[other].plain, &self.disk.memory);
            self.partners = parts.are_some_on_disk().then(partners);
        }
        self.built.table.build()?;
        self.begin_probe();
        Ok(Progress::Done)
    }

    /// A table that is indexed cannot make room, so it is not asked to; else nobody else would be, as long as it holds most.
    pub(crate) fn begin_probe(&mut self) {
        for (dropped, filter) in std::mem::take(&mut self.runtime_filters) {
            if dropped != self.built.side && self.parts.is_none() {
                self.built.looked_up().tell_keys(&filter);
            } else {
                filter.give_up();
            }
        }
        self.disk.memory.set_revocable(false);
        (self.stage, self.owed_bytes, self.disk.evenly) = (Stage::Probe, 0, false);
    }

    /// Gives memory back while it can, with calls of [`HybridHashJoin::continue_revoking`]: while a side is built, its largest parts go to disk.
    pub(crate) fn revoke(&mut self, bytes: usize) {
        // What was taken ahead for a table that is indexed, and for what goes past it, must stay.
        if self.stage != Stage::Build
            || self.shared.as_ref().is_some_and(|shared| !shared.gives())
            || self.has_voted()
            || self.spilled_join.as_ref().is_some_and(|spilled_join| !spilled_join.is_repartition())
        {
            return;
        }
        self.owed_bytes += bytes;
        self.keep_roles();
        if self.parts.is_none() && self.again.is_empty() {
            self.cut();
        }
    }

    /// Goes on with what [`HybridHashJoin::revoke`] began.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn continue_revoking(&mut self) -> Result<Progress> {
        if self.owed_bytes == 0 {
            return Ok(Progress::Done);
        }
        ready!(self.add_again()?);
        if self.parts.is_none() {
            self.cut();
        }
        ready!(self.distribute()?);
        while let Some(parts) = self.parts.as_mut().filter(|_| self.owed_bytes > 0) {
            match parts.spill_largest(&mut self.disk) {
                0 => break,
                spilled => self.owed_bytes = self.owed_bytes.saturating_sub(spilled),
            }
        }
        self.owed_bytes = 0;
        self.disk.memory.shrink();
        Ok(Progress::Done)
    }
}
