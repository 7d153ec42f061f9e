//! Partitions of the build side on disk, with the probe rows that are written after them.
//!
//! A build side that is kept for all rounds of a loop is either in memory or on disk as a whole. On
//! disk, each round's probe rows are written to the partitions of their partners. Each pair of
//! partitions then has all of the memory. A few resident partitions would leave little memory for
//! the others, in every round.

use crate::error::Result;
use crate::join::JoinContext;
use crate::join::pair_queue::QueuedPairs;
use crate::join::partition_pair::PartitionPair;
use crate::join::partitions::{Partitions, SpillContext};
use crate::join::side::Side;
use crate::page::{Input, Selection};
use crate::spill::Spilled;
use crate::strategy::{Progress, ProgressOf};

/// The partitions of both sides, if some of the build side are on disk.
pub(super) struct SpilledPartitions {
    build: Partitions,
    probe: Partitions,
    /// The rows of the current batch that probe the table. Set after its other rows were routed.
    resident: Option<Selection>,
    /// Set if any task may join the pairs of all tasks.
    pub(super) queue: Option<QueuedPairs>,
}

impl SpilledPartitions {
    /// Partitions of a build side. `probe` is the other side.
    pub(super) fn new(build: Partitions, probe: usize, join: &JoinContext) -> Self {
        let probe = build.partners(&join.sides[probe], &join.layouts[probe].plain, &join.disk.memory);
        SpilledPartitions { build, probe, resident: None, queue: None }
    }

    /// Writes rows of a batch whose partners may be on disk. Returns the other rows. These include
    /// rows without a partner in either place.
    pub(super) fn route(
        &mut self,
        input: &Input<'_>,
        side: &Side,
        disk: &mut SpillContext,
    ) -> Result<ProgressOf<&Selection>> {
        let (build, probe) = (&mut self.build, &mut self.probe);
        let resident = self.resident.get_or_insert_with(|| {
            let on_disk = build.are_on_disk();
            let keys_on_disk = build.keys_on_disk();
            let mut resident = Vec::with_capacity(input.len());
            probe.route(input, &side.key, |row, hash, partition| {
                let follows = on_disk[partition] && keys_on_disk.may_contain(hash) && side.may_match(input, row);
                if !follows {
                    resident.push(row);
                }
                follows
            });
            keys_on_disk.drop_if_useless();
            let mut rows = Selection::default();
            rows.set(resident);
            rows
        });
        Ok(match probe.write(input.batch(), disk)? {
            Progress::Done => ProgressOf::Done(resident),
            Progress::Yield => ProgressOf::Yield,
            Progress::Pending => ProgressOf::Pending,
        })
    }

    /// Continues with the next batch.
    pub(super) fn next_batch(&mut self) {
        self.resident = None;
    }

    /// The pairs on disk. `in_memory` bytes of the build side `built` were in the table.
    pub(super) fn into_pairs(self, built: usize, in_memory: usize, join: &mut JoinContext) -> Vec<PartitionPair> {
        let level = self.build.level();
        let (build, probe) = (self.build.into_spilled(&mut join.disk), self.probe.into_spilled(&mut join.disk));
        pairs(built, build, probe, level, in_memory)
    }

    /// The pairs of one round of the probe side. The partitions of the build side are all on disk,
    /// and stay there for the next round.
    pub(super) fn round_pairs(&mut self, built: usize, join: &mut JoinContext) -> Vec<PartitionPair> {
        let probe = 1 - built;
        let next = self.build.partners(&join.sides[probe], &join.layouts[probe].plain, &join.disk.memory);
        let probe = std::mem::replace(&mut self.probe, next).into_spilled(&mut join.disk);
        pairs(built, self.build.lent().collect(), probe, self.build.level(), 0)
    }
}

fn pairs(built: usize, build: Vec<Spilled>, probe: Vec<Spilled>, level: u32, in_memory: usize) -> Vec<PartitionPair> {
    let whole_bytes = build.iter().map(Spilled::bytes).sum::<u64>() + in_memory as u64;
    let pairs = build.into_iter().zip(probe);
    pairs.map(|(rows, others)| PartitionPair::new(built, rows, others, level + 1, whole_bytes)).collect()
}
