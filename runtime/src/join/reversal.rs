//! Build-side reversal: builds the planned probe side if it turns out to be much smaller.
//!
//! Estimates can be wrong by orders of magnitude. So a hash join compares both inputs before it
//! commits to a build side.
//!
//! ```text
//! Collecting ──build side reaches SAMPLED_ROWS──► Comparing ──probe side ends──► Reversed
//!     │ build side ends                              │ probe side exceeds SAMPLED_ROWS,
//!     ▼                                              ▼ build side ends, or memory is refused
//!   Kept                                           Kept
//! ```
//! * Collecting: build rows enter the table. The probe side is not read.
//! * Comparing: probe rows are read first ([`Demand::prefers_stream`](crate::strategy::Demand)) and
//!   buffered in pages.
//! * Kept: the buffered rows probe the finished table. If memory is refused they wait on disk.
//! * Reversed: the buffered rows become the table, and the collected build rows probe it.
//!
//! # Cost
//! A correct plan copies about `SAMPLED_ROWS` (16,384) probe rows once. A wrong plan pays one
//! lookup per row of the larger side, instead of a table of these rows.
//!
//! # Shared tables
//! Tasks that build one table together must agree on its side. Each task votes once, through a
//! [`LocalRendezvous`]: the first `Vote::Keep` decides, `Vote::Reverse` needs all tasks. Until the
//! vote is settled, a task collects all build rows, not only its share, and at most 4 MiB of them.
//! While it compares, it reads no build rows. After `Vote::Keep` it inserts the rows of its share
//! once more.
//!
//! Tasks cannot deadlock. All tasks receive the same build rows, so all reach the comparison. A
//! task waits for votes only after its probe input has ended. Two branches of one flow that meet at
//! the join cannot block each other: the optimizer spools them (`optimizer::branches`).
//!
//! Source: role reversal (Graefe, *Query Evaluation Techniques*, 1993). `drain` does the same
//! for partitions that are read back from disk.

use std::sync::Arc;

use crate::error::Result;
use crate::join::build::{Building, PARTITION_BYTES};
use crate::join::shared::SharedBuild;
use crate::join::side::BuildSide;
use crate::join::{HybridHashJoin, JoinContext, Phase};
use crate::kernel::TaskContext;
use crate::page::Input;
use crate::rendezvous::LocalRendezvous;

/// The number of build rows that are collected before the comparison, and the greatest number of
/// probe rows that are buffered. It is so small that a second copy costs almost nothing.
pub(crate) const SAMPLED_ROWS: usize = 1 << 14;

/// The maximum bytes that a task collects of a build side that all tasks receive. Until the vote is
/// settled each task has its own copy.
const COLLECTED_BYTES: usize = 4 << 20;

/// The outcome of sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vote {
    /// The planned side is built.
    Keep,
    /// The other side is built.
    Reverse,
}

/// The result of sampling a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampled {
    Buffered,
    /// The rows were buffered, and the planned sides must be kept.
    Decided,
    /// Memory was refused. The rows were not buffered, and the planned sides must be kept.
    Refused,
}

/// Build-side sampling: a build phase whose side may still change.
pub(super) struct BuildSideSampling {
    pub(super) building: Building,
    /// The number of rows that are sampled: see [`SAMPLED_ROWS`].
    rows: usize,
    /// Whether the probe side is compared.
    compares: bool,
    /// Set if tasks build one table together.
    poll: Option<VotePoll>,
}

struct VotePoll {
    votes: Arc<LocalRendezvous<Vote>>,
    context: TaskContext,
    has_voted: bool,
    /// The task's part of the shared table, if the sides are kept.
    shared: SharedBuild,
}

impl VotePoll {
    fn vote(&mut self, vote: Vote) {
        if !std::mem::replace(&mut self.has_voted, true) {
            self.votes.send(&self.context, vote);
        }
    }

    /// The outcome. If there is none yet, returns `None`, and the next vote wakes the task.
    fn outcome(&self) -> Option<Vote> {
        self.votes.poll(&self.context, |votes| {
            let keeps = votes.contains(&Some(Vote::Keep)).then_some(Vote::Keep);
            keeps.or(votes.iter().all(Option::is_some).then_some(Vote::Reverse))
        })
    }
}

impl HybridHashJoin {
    /// Ends sampling and enters the build phase.
    pub(super) fn settle(&mut self, vote: Vote) -> Result<()> {
        self.phase = match std::mem::take(&mut self.phase) {
            Phase::Sampling(sampling) if vote == Vote::Keep => Phase::Building(sampling.keep()),
            Phase::Sampling(sampling) => Phase::Building(sampling.reverse(&self.join)?),
            phase => phase,
        };
        Ok(())
    }
}

impl BuildSideSampling {
    /// Samples `rows` rows of each side.
    pub(super) fn new(mut building: Building, rows: usize, context: &TaskContext) -> Self {
        let poll = building.shared.take().map(|shared| VotePoll {
            votes: context.process_local(|| LocalRendezvous::of(context.local_tasks.len())),
            context: context.clone(),
            has_voted: false,
            shared,
        });
        BuildSideSampling { building, rows, compares: false, poll }
    }

    /// Returns `true` if the probe side is read first.
    pub(super) fn compares(&self) -> bool {
        self.compares
    }

    /// Returns `true` if the task builds a table together with other tasks.
    pub(super) fn is_shared(&self) -> bool {
        self.poll.is_some()
    }

    /// Returns `true` if rows of the build side (`is_build`), or of the probe side, are accepted
    /// now.
    pub(super) fn accepts(&self, is_build: bool) -> bool {
        match &self.poll {
            _ if !self.compares => is_build,
            None => true,
            Some(poll) => is_build == (poll.outcome() == Some(Vote::Keep)),
        }
    }

    /// Returns `true` if memory may be revoked. A task that has voted cannot change its vote.
    pub(super) fn is_revocable(&self) -> bool {
        !self.poll.as_ref().is_some_and(|poll| poll.has_voted)
    }

    /// Buffers rows of one side.
    pub(super) fn on_batch(&mut self, side: usize, input: &Input<'_>, join: &JoinContext) -> Result<Sampled> {
        let kept = join.sides[side].rows_to_keep(input);
        let input = &kept.as_ref().map_or(*input, |kept| Input::new(input.batch(), kept));
        if side == self.building.built.side { self.collect(input, join) } else { self.buffer(input, join) }
    }

    fn collect(&mut self, input: &Input<'_>, join: &JoinContext) -> Result<Sampled> {
        if !self.building.try_insert(input, join)? {
            return Ok(Sampled::Refused);
        }
        let table = &self.building.built.table;
        self.compares |= table.len() >= self.rows;
        let is_full = self.is_shared() && table.bytes() > COLLECTED_BYTES;
        Ok(if is_full { Sampled::Decided } else { Sampled::Buffered })
    }

    fn buffer(&mut self, input: &Input<'_>, join: &JoinContext) -> Result<Sampled> {
        let Building { built, buffered, .. } = &mut self.building;
        let bytes = buffered.bytes_for(input) + built.table.build_bytes(0) + PARTITION_BYTES;
        if !join.disk.try_reserve(bytes) {
            return Ok(Sampled::Refused);
        }
        buffered.append(input)?;
        Ok(if buffered.rows() > self.rows { Sampled::Decided } else { Sampled::Buffered })
    }

    /// Returns the outcome at the end of a side. `None` if other tasks have not voted yet. They
    /// wake the task.
    pub(super) fn on_end(&mut self, side: usize) -> Option<Vote> {
        if side == self.building.built.side {
            return Some(Vote::Keep);
        }
        let Some(poll) = &mut self.poll else { return Some(Vote::Reverse) };
        poll.vote(Vote::Reverse);
        poll.outcome()
    }

    /// Builds the planned side. A task of a shared table keeps its share of the collected rows.
    fn keep(self) -> Building {
        let mut building = self.building;
        if let Some(mut poll) = self.poll {
            poll.vote(Vote::Keep);
            building.reinserted_pages = building.built.table.take_pages().into();
            building.shared = Some(poll.shared);
        }
        building
    }

    /// Builds the other side, all of whose rows are buffered.
    fn reverse(self, join: &JoinContext) -> Result<Building> {
        let Building { mut built, mut buffered, .. } = self.building;
        let mut building = Building::new(BuildSide::new(&join.sides, 1 - built.side, &join.disk.memory)?, 0);
        building.reinserted_pages = buffered.exchange(built.table.take_pages());
        building.buffered = buffered;
        join.metrics.reversals.add(1);
        Ok(building)
    }
}
