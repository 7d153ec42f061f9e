//! The last phase: joins the pairs of partitions on disk, one after the other.
//!
//! ```text
//! Next ──pair──► Loading ──table──► Probing ──end of the other side──► Finishing
//!  ▲                ▲                                                    │  │
//!  │                └──────────────next block, or pass for marks─────────┘  │
//!  └─────────────────pairs that were partitioned again──────────────────────┘
//! ```
//! The smaller side of a pair becomes the table, since sizes are known by now. If it does not fit,
//! both sides are partitioned again, by other bits of the hash. If few blocks of it fit, each block
//! becomes a table and the other side is read once per block, without a write.
//!
//! # Last resort
//! One key cannot be partitioned. So a pair that does not shrink is joined in blocks of any number:
//! constant memory for all keys, and never an error. A join without a key always ends up here.
//!
//! The side whose rows need marks (the left side of a left join) is built, because a row of a block
//! has seen the whole other side at the end of the block. A full join needs marks on both sides. It
//! makes two passes: the first emits pairs, the second only sets the other side's marks.

use crate::error::Result;
use crate::join::build::Building;
use crate::join::pair_queue::QueuedPairs;
use crate::join::partition_pair::PartitionPair;
use crate::join::probe::Probing;
use crate::join::spilled_pair::SpilledPair;
use crate::join::{JoinContext, JoinEmitter};
use crate::kernel::Outputs;
use crate::strategy::{Progress, ready};

/// Pairs on disk that are left after both inputs have ended.
#[derive(Default)]
pub(super) struct Draining {
    pending: Vec<PartitionPair>,
    /// Set if the tasks share their pairs, until no pair is left.
    queue: Option<QueuedPairs>,
    stage: Stage,
    /// The table, or its partitions on disk, for the next round of the probe side.
    pub(super) kept: Option<Box<Probing>>,
}

#[derive(Default)]
enum Stage {
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

    /// Whether other tasks wait for this task.
    pub(super) fn is_awaited(&self) -> bool {
        self.queue.as_ref().is_some_and(QueuedPairs::is_awaited)
    }

    /// The build phase of a pair that can give back memory.
    pub(super) fn revocable(&mut self) -> Option<&mut Building> {
        match &mut self.stage {
            Stage::Loading(pair, building) if pair.is_revocable() => Some(building),
            _ => None,
        }
    }

    /// Joins all pairs. Then reserves memory for the next round of a build side that is kept.
    pub(super) fn drain(
        &mut self,
        join: &mut JoinContext,
        emitter: &mut dyn JoinEmitter,
        out: &mut Outputs,
    ) -> Result<Progress> {
        loop {
            match &mut self.stage {
                Stage::Next => {
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
                Stage::Loading(pair, building) => ready!(pair.load(building, join)?),
                Stage::Probing(pair, probing) => ready!(pair.stream(probing, join, emitter, out)?),
                Stage::Finishing(_, probing) => ready!(probing.finish(emitter, out)?),
            }
            self.stage = self.next_stage(join)?;
        }
    }

    fn next_stage(&mut self, join: &mut JoinContext) -> Result<Stage> {
        let load = |opened: Option<_>| opened.map_or(Stage::Next, |(pair, building)| Stage::Loading(pair, building));
        Ok(match std::mem::take(&mut self.stage) {
            Stage::Next => match self.pending.pop() {
                Some(pair) => load(SpilledPair::open(pair, join)?),
                None => Stage::Next,
            },
            Stage::Loading(mut pair, building) => {
                let is_after_blocks = pair.is_after_blocks(&building);
                let probing = Probing::new(building, join);
                if is_after_blocks {
                    return Ok(Stage::Finishing(pair, probing));
                }
                pair.open_stream(1 - probing.built.side, join);
                Stage::Probing(pair, probing)
            }
            Stage::Probing(pair, probing) => Stage::Finishing(pair, probing),
            Stage::Finishing(pair, mut probing) => {
                self.pending.extend(probing.empty(join));
                load(pair.next(probing.built, join)?)
            }
        })
    }
}
