//! The last phase: joins the pairs of partitions on disk, one after the other.
//!
//! ```text
//! Next ──pair──► Loading ──table──► Probing ──end of the other side──► Finishing
//!  ▲                ▲                                                    │  │
//!  │                └──────────────next block, or pass for marks─────────┘  │
//!  └─────────────────pairs that were partitioned again──────────────────────┘
//! ```
//! The smaller side of a pair becomes the table: the sizes are known by now. If it does not fit,
//! both sides are partitioned again, by other bits of the hash. If it fits in few blocks, each
//! block becomes a table. The other side is then read once per block, and nothing is written.
//!
//! # Last resort
//! A single key cannot be partitioned. So a pair that does not shrink is joined in any number of
//! blocks. This takes constant memory for all keys and never fails. A join without a key always
//! ends up here.
//!
//! A side whose rows need marks (the left side of a left join) is built: a row of a block has seen
//! the whole other side at the end of the block. A full join needs marks on both sides. It makes
//! two passes: the first emits pairs, the second only sets the marks of the other side.

use crate::error::Result;
use crate::join::build::Building;
use crate::join::pair_queue::QueuedPairs;
use crate::join::partition_pair::PartitionPair;
use crate::join::probe::Probing;
use crate::join::spilled_pair::SpilledPair;
use crate::join::{JoinContext, JoinEmitter};
use crate::kernel::Outputs;
use crate::strategy::{Progress, ready};

/// Pairs on disk that are joined after both inputs have ended.
#[derive(Default)]
pub(super) struct Draining {
    pending: Vec<PartitionPair>,
    /// Set if the tasks share their pairs, until no pair is left.
    queue: Option<QueuedPairs>,
    stage: DrainStage,
    /// The table, or its partitions on disk, for the next round of the probe side.
    pub(super) kept: Option<Box<Probing>>,
}

#[derive(Default)]
enum DrainStage {
    #[default]
    Next,
    Loading(SpilledPair, Building),
    Probing(SpilledPair, Probing),
    Finishing(SpilledPair, Probing),
}

impl Draining {
    /// Follows the probe phase of the inputs.
    pub(super) fn new(mut probing: Probing, join: &mut JoinContext) -> Self {
        let (built, spilled) = (probing.built.side, probing.spilled.as_mut());
        if join.keeps_build {
            let pending = spilled.map(|spilled| spilled.round_pairs(built, join)).unwrap_or_default();
            return Draining { pending, kept: Some(Box::new(probing)), ..Draining::default() };
        }
        let queue = spilled.and_then(|spilled| spilled.queue.take());
        Draining { pending: probing.empty(join), queue, ..Draining::default() }
    }

    /// Returns `true` if other tasks wait for this task.
    pub(super) fn is_awaited(&self) -> bool {
        self.queue.as_ref().is_some_and(QueuedPairs::is_awaited)
    }

    /// The build phase of a pair whose memory can be revoked.
    pub(super) fn revocable(&mut self) -> Option<&mut Building> {
        match &mut self.stage {
            DrainStage::Loading(pair, building) if pair.is_revocable() => Some(building),
            _ => None,
        }
    }

    /// Joins all pairs. Then reserves memory for the next round if the build side is kept.
    pub(super) fn drain(
        &mut self,
        join: &mut JoinContext,
        emitter: &mut dyn JoinEmitter,
        out: &mut Outputs,
    ) -> Result<Progress> {
        loop {
            match &mut self.stage {
                DrainStage::Next => {
                    if let Some(queue) = &mut self.queue {
                        ready!(queue.exchange(&mut self.pending, &join.disk)?);
                    }
                    if self.pending.is_empty() {
                        self.queue = None;
                        let is_kept_on_disk = self.kept.as_ref().is_some_and(|kept| kept.spilled.is_some());
                        return if is_kept_on_disk { join.disk.reserve_followers(0) } else { Ok(Progress::Done) };
                    }
                    ready!(join.disk.poll_written()?);
                }
                DrainStage::Loading(pair, building) => ready!(pair.load(building, join)?),
                DrainStage::Probing(pair, probing) => ready!(pair.stream(probing, join, emitter, out)?),
                DrainStage::Finishing(_, probing) => ready!(probing.finish(emitter, out)?),
            }
            self.stage = self.next_stage(join)?;
        }
    }

    fn next_stage(&mut self, join: &mut JoinContext) -> Result<DrainStage> {
        let load =
            |opened: Option<_>| opened.map_or(DrainStage::Next, |(pair, building)| DrainStage::Loading(pair, building));
        Ok(match std::mem::take(&mut self.stage) {
            DrainStage::Next => match self.pending.pop() {
                Some(pair) => load(SpilledPair::open(pair, join)?),
                None => DrainStage::Next,
            },
            DrainStage::Loading(mut pair, building) => {
                let is_after_blocks = pair.is_after_blocks(&building);
                let probing = Probing::new(building, join);
                if is_after_blocks {
                    return Ok(DrainStage::Finishing(pair, probing));
                }
                pair.open_stream(1 - probing.built.side, join);
                DrainStage::Probing(pair, probing)
            }
            DrainStage::Probing(pair, probing) => DrainStage::Finishing(pair, probing),
            DrainStage::Finishing(pair, mut probing) => {
                self.pending.extend(probing.empty(join));
                load(pair.next(probing.built, join)?)
            }
        })
    }
}
