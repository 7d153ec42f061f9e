//! The probe phase: finds the partners of probe rows in the table.

use crate::error::Result;
use crate::join::buffered::BufferedProbeRows;
use crate::join::build::Building;
use crate::join::pair_queue::QueuedPairs;
use crate::join::partition_pair::PartitionPair;
use crate::join::partitions::Partitions;
use crate::join::side::BuildSide;
use crate::join::spilled_partitions::SpilledPartitions;
use crate::join::{JoinContext, JoinEmitter, ProbePhase};
use crate::kernel::Outputs;
use crate::page::{Input, Page, Selection};
use crate::strategy::{Cursor, Progress, ProgressOf, ready};

/// A table that is indexed, and the partitions that are not in it.
pub(super) struct Probing {
    pub(super) built: BuildSide,
    pub(super) spilled: Option<SpilledPartitions>,
    pub(super) buffered: BufferedProbeRows,
    /// The emitter's position in a page of probe rows, and after the last page in the build rows.
    cursor: Cursor,
}

impl Probing {
    /// Follows a finished build phase. Memory of the task is not revocable from now on: an indexed
    /// table cannot shrink.
    pub(super) fn new(building: Building, join: &mut JoinContext) -> Self {
        let Building { built, partitions, buffered, .. } = building;
        let partitions = partitions.filter(Partitions::are_some_on_disk);
        let spilled = partitions.map(|partitions| SpilledPartitions::new(partitions, 1 - built.side, join));
        for (dropped, filter) in std::mem::take(&mut join.runtime_filters) {
            if dropped != built.side && spilled.is_none() {
                built.probed_table().add_keys_to(&filter);
            } else {
                filter.give_up();
            }
        }
        join.disk.memory.set_revocable(false);
        join.disk.is_fair = false;
        Probing { built, spilled, buffered, cursor: 0 }
    }

    /// Returns `true` if other tasks wait for this task.
    pub(super) fn is_awaited(&self) -> bool {
        let queue = self.spilled.as_ref().and_then(|spilled| spilled.queue.as_ref());
        queue.is_some_and(QueuedPairs::is_awaited)
    }

    /// Emits results of probe rows. Rows whose partners may be on disk are written there.
    pub(super) fn probe(
        &mut self,
        input: &Input<'_>,
        phase: ProbePhase,
        join: &mut JoinContext,
        emitter: &mut dyn JoinEmitter,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let Some(spilled) = &mut self.spilled else {
            return emitter.probe(&mut self.built, input, phase, cursor, out);
        };
        let side = &join.sides[1 - self.built.side];
        let resident = match spilled.route(input, side, &mut join.disk)? {
            ProgressOf::Done(resident) => resident,
            ProgressOf::Yield => return Ok(Progress::Yield),
            ProgressOf::Pending => return Ok(Progress::Pending),
        };
        if !resident.is_empty() {
            ready!(emitter.probe(&mut self.built, &Input::new(input.batch(), resident), phase, cursor, out)?);
        }
        spilled.next_batch();
        Ok(Progress::Done)
    }

    /// Probes the rows of a page from `next` on.
    pub(super) fn probe_page(
        &mut self,
        (page, next): (&Page, &mut usize),
        phase: ProbePhase,
        join: &mut JoinContext,
        emitter: &mut dyn JoinEmitter,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let mut window = Selection::default();
        while *next < page.rows() {
            let end = window.fill(*next..page.rows());
            let mut cursor = self.cursor;
            let progress = self.probe(&Input::new(&page.batch(), &window), phase, join, emitter, &mut cursor, out)?;
            self.cursor = cursor;
            ready!(progress);
            (self.cursor, *next) = (0, end);
        }
        Ok(Progress::Done)
    }

    /// Probes the buffered rows, one page per call.
    pub(super) fn probe_buffered(
        &mut self,
        join: &mut JoinContext,
        emitter: &mut dyn JoinEmitter,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let page = match self.buffered.page(1 - self.built.side, join)? {
            ProgressOf::Done(Some(page)) => page,
            ProgressOf::Done(None) => return Ok(Progress::Done),
            ProgressOf::Yield => return Ok(Progress::Yield),
            ProgressOf::Pending => return Ok(Progress::Pending),
        };
        let mut next = self.buffered.next;
        let progress = self.probe_page((&page, &mut next), ProbePhase::Disk, join, emitter, out)?;
        self.buffered.next = next;
        ready!(progress);
        self.buffered.pop();
        Ok(Progress::Yield)
    }

    /// Emits results of the build rows, after all probe rows.
    pub(super) fn finish(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        ready!(emitter.finish(&mut self.built, &mut self.cursor, out)?);
        self.cursor = 0;
        Ok(Progress::Done)
    }

    /// Empties the table. Returns the pairs of partitions on disk.
    pub(super) fn empty(&mut self, join: &mut JoinContext) -> Vec<PartitionPair> {
        self.built.shared = None;
        let in_memory: usize = self.built.table.take_pages().iter().map(Page::bytes).sum();
        let pairs = self.spilled.take().map(|spilled| spilled.into_pairs(self.built.side, in_memory, join));
        join.disk.memory.shrink();
        pairs.unwrap_or_default()
    }
}
