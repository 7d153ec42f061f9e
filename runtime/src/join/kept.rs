//! A build side that is kept while the other side comes in rounds: in a loop, what comes from outside of it.
//!
//! **It is in memory as a whole, or on disk as a whole.** What a table has is there for each round at once. Where memory does not hold all of it, nothing of
//! it stays there: each round's rows follow their partners to disk, and each pair of parts is then joined with all of the memory. To keep a few parts in
//! memory would leave little of it for the others, in every round.

use crate::error::Result;
use crate::join::build::PROBE_BYTES;
use crate::join::side::BuildSide;
use crate::join::spilled::PartitionPair;
use crate::join::{HybridHashJoin, Stage};
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::strategy::Progress;

impl HybridHashJoin {
    /// The end of a side that is kept and does not fit: all of it goes to disk.
    pub(super) fn leave_memory(&mut self, side: usize) -> Result<Progress> {
        if let Some(parts) = &mut self.parts {
            parts.spill_all(&mut self.disk);
        }
        self.begin_round(side)
    }

    /// The other side has ended: its rows on disk are to be joined with the parts there.
    pub(super) fn keep(&mut self) {
        self.stage = Stage::Next;
        let (Some(parts), Some(partners)) = (self.parts.take(), self.partners.take()) else { return };
        let partners = partners.into_spilled(&mut self.disk);
        let (built, bytes) = (self.built.side, parts.lent().map(|part| part.bytes()).sum());
        for (part, partner) in parts.lent().zip(partners.into_iter().flatten()) {
            let sides = if built == 0 { [part, partner] } else { [partner, part] };
            self.pending.push(PartitionPair::new(sides, built, 1, bytes));
        }
        self.kept = Some(parts);
    }

    /// Waits for the next round's rows.
    pub(super) fn begin_round(&mut self, side: usize) -> Result<Progress> {
        if let Some(parts) = self.kept.take().or_else(|| self.parts.take()) {
            // For each part a page of its partners.
            let is_free = self.disk.try_reserve(SPILL_PARTS * PAGE_BYTES + PROBE_BYTES + self.early.stream_bytes());
            if !is_free && self.disk.is_writing()? {
                self.parts = Some(parts);
                return Ok(Progress::Pending);
            }
            self.built = BuildSide::new(&self.sides, side, &self.disk.memory)?;
            self.built.table.build()?;
            let other = 1 - side;
            self.partners = Some(parts.partners(&self.sides[other], &self.layouts[other].plain, &self.disk.memory));
            self.parts = Some(parts);
        }
        self.level = 0;
        self.begin_probe();
        Ok(Progress::Done)
    }
}
