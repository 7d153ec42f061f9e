//! Joins of more rows than memory holds: hash joins here, merge joins in `SortMergeJoin`.
//!
//! ```text
//! build rows ──► table ──memory is refused──► 16 partitions by hash, the largest go to disk
//! probe rows ──► table of the partitions in memory ──► results
//!       └──► partitions whose partners are on disk, unless a filter excludes their keys
//! after both inputs: the pairs of partitions on disk, one after the other (`drain`)
//! ```
//! While memory is granted this is the plain hash join, at its cost. Otherwise the last step ends
//! in constant memory for all keys. A join without a key (`with`, `cross`) has one partition.
//!
//! # Build side
//! The plan or the program chooses the build side of the inputs. If the plan chose, a much smaller
//! probe side is built instead (`reversal`). Of two partitions on disk the smaller one is built. A
//! broadcast build side becomes one table that all tasks build and probe (`sharing`).
//!
//! # Outer joins
//! A side that may be missing is an `Option` of its record to the closure. For pairs its validity
//! leaf is the constant one; for records alone all its leaves are dead. So one compiled closure
//! serves all cases. A build row marks in its hidden leaf that it had a partner.
//!
//! # Layout on disk
//! Build rows are spilled in the layout of the table, with the hidden leaf. So a page that is read
//! back becomes a page of the table. Probe rows, mostly the larger side, have no hidden leaf. While
//! a table grows, 20 pages stay free to partition it. The minimum memory of a join contains them.
//!
//! Source: hybrid hash joins (DeWitt et al., *Implementation Techniques for Main Memory Database
//! Systems*, 1984), with filters over spilled keys as in Flink.

mod buffered;
mod build;
mod drain;
mod merge;
mod pair_queue;
mod partition_pair;
mod partitions;
mod probe;
mod reversal;
mod shared;
mod sharing;
mod side;
mod spilled_keys;
mod spilled_pair;
mod spilled_partitions;
mod table;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::hash::RuntimeFilter;
use crate::join::buffered::BufferedProbeRows;
use crate::join::build::Building;
use crate::join::drain::Draining;
use crate::join::partitions::SpillContext;
use crate::join::probe::Probing;
use crate::join::reversal::{BuildSideSampling, Sampled, Vote};
use crate::join::shared::SharedBuild;
use crate::join::sharing::Sharing;
use crate::join::side::Layouts;
pub use crate::kernel::{JoinFactory, JoinKernel};
use crate::kernel::{Outputs, TaskContext};
use crate::metrics::OperatorMetrics;
use crate::page::Input;
use crate::strategy::{Cursor, Demand, PortSet, Progress, ready};

pub(crate) use merge::SortMergeJoin;
pub(crate) use reversal::SAMPLED_ROWS;
pub(crate) use side::{BuildSide, Side};
pub use table::{JoinTable, KeySpan, Pairs};

/// The origin of the rows that probe a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProbePhase {
    /// The rows come from an input. They can be passed on in place.
    Input,
    /// The rows come from disk. They must be copied to be passed on.
    Disk,
    /// As `Disk`, and they probe further tables. A row without a partner may find one there.
    Block,
    /// As `Block`, after all pairs were emitted. Only the marks of build rows matter.
    Marks,
}

/// The results that a kind of join makes of pairs of rows.
pub(crate) trait JoinEmitter {
    /// Emits results of probe rows. Called as
    /// [`Driver::on_batch`](crate::strategy::Driver::on_batch).
    ///
    /// # Errors
    /// Fails if a kernel fails, and with [`Error::OutOfMemory`].
    fn probe(
        &mut self,
        built: &mut BuildSide,
        input: &Input<'_>,
        phase: ProbePhase,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress>;

    /// Emits results of build rows after all probe rows.
    ///
    /// # Errors
    /// As [`JoinEmitter::probe`].
    fn finish(&mut self, built: &mut BuildSide, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress>;
}

/// The variants of a hash join.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashJoinModes {
    /// The input that is built.
    pub(crate) build: usize,
    /// Whether the join spills. If not, the build side is a single record.
    pub(crate) spills: bool,
    /// Whether the build side is kept for further rounds of the probe side. Then its rows need no
    /// marks.
    pub(crate) keeps_build: bool,
    /// Whether all tasks receive all build rows and build one table of them. Then these rows need
    /// no marks.
    pub(crate) is_shared: bool,
    /// Whether results may leave in another task than that in which their probe rows arrived. Only
    /// for a shared build side that does not fit in memory.
    pub(crate) breaks_partitioning: bool,
    /// The number of rows that are sampled to choose the build side. `None` if the side is fixed.
    pub(crate) sampled_rows: Option<usize>,
}

/// The parts of a join that all phases use.
struct JoinContext {
    sides: [Side; 2],
    layouts: [Layouts; 2],
    disk: SpillContext,
    spills: bool,
    keeps_build: bool,
    /// Bytes of a filter over the keys on disk: the maximum over all partitionings so far.
    filter_bytes: usize,
    /// Filters that wait for the keys of the build side, each with the side whose rows it drops.
    runtime_filters: Vec<(usize, Arc<RuntimeFilter>)>,
    metrics: Arc<OperatorMetrics>,
}

/// A hash join in one task. Build rows are read first.
///
/// ```text
/// Sampling ──sides are settled──► Building ──end, tasks share it──► Sharing
///                                    │ end of the build side           │ one table, or all shares
///                                    ▼                                 │ are on disk
///                                 Probing ◄────────────────────────────┘
///     end of both sides, also if     │  ▲ next round, if the build side
///     the probe side ended first     ▼  │ is kept
///                                 Draining ──► end
/// ```
pub(crate) struct HybridHashJoin {
    join: JoinContext,
    phase: Phase,
}

/// A phase with its data. It is matched once per batch, never per row.
enum Phase {
    /// The build side is not settled. See `reversal`.
    Sampling(BuildSideSampling),
    /// Rows of the build side arrive.
    Building(Building),
    /// Tasks build one table of their shares.
    Sharing(Sharing),
    /// Rows of the probe side arrive.
    Probing(Probing),
    /// Both sides have ended. Pairs of partitions on disk are joined.
    Draining(Box<Draining>),
}

impl HybridHashJoin {
    /// Creates a join.
    ///
    /// # Errors
    /// Fails only with an internal error.
    pub(crate) fn new(sides: [Side; 2], modes: HashJoinModes, context: &TaskContext) -> Result<Self> {
        let HashJoinModes { build, spills, keeps_build, .. } = modes;
        let mut disk = SpillContext { spiller: context.spiller(), memory: context.memory.clone(), is_fair: true };
        let mut building = Building::new(BuildSide::new(&sides, build, &disk.memory)?, 0);
        let layouts = sides.each_ref().map(Layouts::of);
        if modes.is_shared && spills && context.subtasks > 1 {
            // Without a key there is only one partition. It is faster if all tasks join it.
            let breaks_partitioning = modes.breaks_partitioning && !keeps_build && !sides[build].key.is_empty();
            let (shared, spiller) = SharedBuild::new(breaks_partitioning, context)?;
            (building.shared, disk.spiller) = (Some(shared), spiller);
        }
        let phase = match modes.sampled_rows {
            Some(rows) => {
                building.buffered = BufferedProbeRows::new(&layouts[1 - build].plain, &disk.memory, context.spiller());
                Phase::Sampling(BuildSideSampling::new(building, rows, context))
            }
            None => Phase::Building(building),
        };
        let (runtime_filters, metrics) = (context.runtime_filters.clone(), context.metrics.clone());
        let join = JoinContext { sides, layouts, disk, spills, keeps_build, filter_bytes: 0, runtime_filters, metrics };
        Ok(HybridHashJoin { join, phase })
    }

    /// The inputs whose rows it accepts.
    pub(crate) fn demand(&self) -> Demand {
        let accepts = |side: usize| match &self.phase {
            Phase::Sampling(sampling) => sampling.accepts(side == sampling.building.built.side),
            Phase::Building(building) | Phase::Sharing(Sharing { building, .. }) => side == building.built.side,
            Phase::Probing(probing) => side != probing.built.side,
            Phase::Draining(_) => true,
        };
        let (prefers_stream, is_awaited) = match &self.phase {
            Phase::Sampling(sampling) => (sampling.compares(), sampling.is_shared()),
            Phase::Building(building) => (false, building.shared.is_some()),
            Phase::Sharing(_) => (false, true),
            Phase::Probing(probing) => (false, probing.is_awaited()),
            Phase::Draining(draining) => (false, draining.is_awaited()),
        };
        Demand { ports: PortSet::of_first(2, accepts), prefers_stream, is_satisfied: false, is_awaited }
    }

    /// Processes rows of an input.
    pub(crate) fn on_batch(
        &mut self,
        emitter: &mut dyn JoinEmitter,
        side: usize,
        input: &Input<'_>,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        if let Phase::Sampling(sampling) = &mut self.phase {
            let sampled = sampling.on_batch(side, input, &self.join)?;
            if sampled != Sampled::Buffered {
                self.settle(Vote::Keep)?;
            }
            if sampled != Sampled::Refused {
                return Ok(Progress::Done);
            }
        }
        let join = &mut self.join;
        match &mut self.phase {
            Phase::Building(building) if side == building.built.side => building.insert(input, join),
            Phase::Building(building) => building.buffer(input, join),
            Phase::Probing(probing) => probing.probe(input, ProbePhase::Input, join, emitter, cursor, out),
            Phase::Sampling(_) | Phase::Sharing(_) | Phase::Draining(_) => {
                Err(Error::Internal("a join received rows after its inputs had ended".to_owned()))
            }
        }
    }

    /// Ends an input.
    pub(crate) fn on_end(&mut self, emitter: &mut dyn JoinEmitter, side: usize, out: &mut Outputs) -> Result<Progress> {
        loop {
            let join = &mut self.join;
            match &mut self.phase {
                Phase::Sampling(sampling) => {
                    let Some(vote) = sampling.on_end(side) else { return Ok(Progress::Pending) };
                    self.settle(vote)?;
                    continue;
                }
                Phase::Building(building) | Phase::Sharing(Sharing { building, .. }) if side != building.built.side => {
                    building.buffered.have_ended = true;
                    return Ok(Progress::Done);
                }
                Phase::Building(building) if building.shared.is_some() => ready!(building.reinsert(join)?),
                Phase::Building(building) => ready!(building.finish(building.buffered.stream_bytes(), join)?),
                Phase::Sharing(sharing) => ready!(sharing.poll_shared_build(join)?),
                Phase::Probing(probing) => {
                    if side == probing.built.side {
                        ready!(probing.probe_buffered(join, emitter, out)?);
                        if !probing.buffered.have_ended {
                            return Ok(Progress::Done);
                        }
                    }
                    ready!(probing.finish(emitter, out)?);
                }
                Phase::Draining(draining) => {
                    ready!(draining.drain(join, emitter, out)?);
                    if let Some(kept) = draining.kept.take() {
                        join.disk.memory.set_revocable(false);
                        self.phase = Phase::Probing(*kept);
                    }
                    return Ok(Progress::Done);
                }
            }
            self.advance()?;
        }
    }

    /// Enters the phase after one that is finished.
    fn advance(&mut self) -> Result<()> {
        let join = &mut self.join;
        self.phase = match std::mem::take(&mut self.phase) {
            Phase::Building(mut building) => match building.shared.take() {
                Some(shared) => Phase::Sharing(Sharing::new(building, shared, join)?),
                None => Phase::Probing(Probing::new(building, join)),
            },
            Phase::Sharing(sharing) => Phase::Probing(sharing.into_probing(join)),
            Phase::Probing(probing) => Phase::Draining(Box::new(Draining::new(probing, join))),
            phase => phase,
        };
        Ok(())
    }

    /// The current build phase, if its memory can be revoked.
    fn revocable(&mut self) -> Option<(&mut Building, &mut JoinContext)> {
        let building = match &mut self.phase {
            Phase::Building(building) => building,
            Phase::Draining(draining) => draining.revocable()?,
            Phase::Sampling(_) | Phase::Sharing(_) | Phase::Probing(_) => return None,
        };
        Some((building, &mut self.join))
    }

    /// Starts to release memory of the build phase. [`HybridHashJoin::continue_revoking`] completes
    /// it.
    pub(crate) fn revoke(&mut self, bytes: usize) -> Result<()> {
        if matches!(&self.phase, Phase::Sampling(sampling) if sampling.is_revocable()) {
            self.settle(Vote::Keep)?;
        }
        if let Some((building, join)) = self.revocable() {
            building.revoke(bytes, join);
        }
        Ok(())
    }

    /// Spills partitions until the revoked bytes are free.
    ///
    /// # Errors
    /// Fails if a page cannot be written.
    pub(crate) fn continue_revoking(&mut self) -> Result<Progress> {
        self.revocable().map_or(Ok(Progress::Done), |(building, join)| building.continue_revoking(join))
    }
}

impl Default for Phase {
    /// A join that has ended.
    fn default() -> Self {
        Phase::Draining(Box::default())
    }
}
