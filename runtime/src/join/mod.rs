//! Joins over more rows than memory holds: what all drivers of joins have in common. Here by hash; `SortMergeJoin` is by order.
//!
//! ```text
//!  rows to build --> table, while memory is granted --(refused)--> 16 parts by hash; the largest go to disk
//!  rows to probe --> table of the parts in memory --> answers
//!          \--> parts whose partners are on disk follow them there, unless a filter knows that they have none
//!  then, for each part on disk:
//!     its smaller side fits      a table of that, past which the other side streams
//!     some blocks of it do       a table of each, past which the other side streams: it is read some times, but nothing is written
//!     they do not                both sides are cut again, by other bits of the hash: as above, from disk
//!     cutting does not help      blocks of one side, each a table, past which all of the other side streams
//! ```
//! While memory is granted this is the plain hash join, and costs what that costs. The last way always ends, in constant memory, whatever the
//! keys: a key that all rows of both sides have is a product, and is listed as one. A join without keys has one part, and goes that way.
//!
//! Which side is built is the plan's choice, or the program's, for rows that come from inputs; where it is the plan's, the other side is built if
//! that turns out to be much smaller (`reversal`). For what comes back from disk sizes are known, so the smaller one is built; a table says itself
//! which side it is of. In blocks, a side whose rows are asked for their partners one by one is built: a row of a block has seen all of the other
//! side at the block's end, one that streams by has only seen a block. Where both sides are asked, all is gone over twice: for pairs and the rows of
//! the blocks, then the other way round for the other side's.
//!
//! A broadcast build side is one table, which all tasks build and probe: see `shared`.
//!
//! *Hybrid hash joins* (DeWitt et al., Implementation Techniques for Main Memory Database Systems, 1984) with role reversal (Graefe, Query Evaluation
//! Techniques, 1993), and filters over what was spilled as Flink has them.
//!
//! **An outer join is the same join.** A side that may be missing is an `Option` of its record to the closure. For pairs its validity leaf is a
//! constant one, for records alone all its leaves are dead, so one compiled closure sees all three cases. A built row remembers in its hidden leaf
//! that it had a partner. A flow of one record taken as a value (`with`) and a product (`cross`) are joins without keys.
//!
//! **A join that does not fit is the same join.** While memory is granted a join is a table and what goes past it. Where it is refused, the build
//! side is cut into 16 parts by hash and the largest go to disk; rows of the other side follow their partners there, unless a filter over the keys
//! on disk knows that they have none. A pair of parts is then joined as the inputs were, the smaller side first, since sizes are known by now. What
//! still does not fit is taken in two or three blocks, past each of which the other side streams, which writes nothing; what does not fit these is
//! cut again by other bits of the hash. Rows of the side that is built lie on disk as in a table, hidden leaf and all, so a page that is read back
//! *is* a page of the table; the other side's, mostly the larger, lie there without. Room to cut is kept free while a table grows: 20 pages, which
//! are within the least that a join is promised.

mod build;
mod kept;
mod spilled_keys;
mod merge;
mod pair_queue;
mod partitions;
mod reversal;
mod shared;
mod spilled;
mod side;
mod table;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Result;
use crate::hash::RuntimeFilter;
use crate::join::pair_queue::QueuedPairs;
use crate::join::partitions::{Partitions, SpillContext};
use crate::join::reversal::{EarlyRows, Trial};
use crate::join::shared::SharedBuild;
use crate::join::side::Layouts;
use crate::join::spilled::{PartitionPair, SpilledJoin};
pub use crate::kernel::{JoinFactory, JoinKernel};
use crate::kernel::{Outputs, TaskContext};
use crate::metrics::OperatorMetrics;
use crate::page::{Input, Page, Selection};
use crate::spill::Spilled;
use crate::strategy::{Cursor, Demand, PortSet, Progress, ready};

pub(crate) use merge::SortMergeJoin;
pub(crate) use reversal::TRIAL_ROWS;
pub(crate) use side::{BuildSide, Side};
pub use table::{JoinTable, KeySpan, Pairs};

/// In which way rows go past a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProbePhase {
    /// As an input; rows can be let pass where they lie.
    Input,
    /// From disk: rows must be written to go on.
    Disk,
    /// From disk, and again past other tables: nothing is known yet of a row without a partner.
    Block,
    /// As `Block`, and all pairs have been given: it matters only that the table's rows have partners.
    Marks,
}

/// What a kind of join makes of rows and tables.
pub(crate) trait JoinEmitter {
    /// Answers for rows of one side that go past a table of the other; called as [`Driver::on_batch`](crate::strategy::Driver::on_batch).
    ///
    /// # Errors
    /// What a kernel gives, or refused memory.
    fn probe(
        &mut self,
        built: &mut BuildSide,
        input: &Input<'_>,
        pass: ProbePhase,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress>;

    /// Answers for the rows of a table that has seen all of the other side.
    ///
    /// # Errors
    /// As above.
    fn finish(&mut self, built: &mut BuildSide, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress>;
}

/// Where a join stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// A side is built, from its input or from disk.
    Build,
    /// The other side goes past the table.
    Probe,
    /// All of it did.
    Finish,
    /// What is left on disk is next.
    Next,
}

/// A join in one task. Rows of the side that is built come first.
pub(crate) struct HybridHashJoin {
    sides: [Side; 2],
    layouts: [Layouts; 2],
    disk: SpillContext,
    stage: Stage,
    /// Whether it can do with less memory than all rows take.
    spills: bool,
    /// The side of the inputs that is built.
    build_side: usize,
    /// Until it is settled that this is so.
    trial: Option<Trial>,
    /// Rows of the other side, or of what was to be built, that came before there was a table.
    early: EarlyRows,
    /// Rows that are to be added to the side that is built, and the first page's next row.
    again: VecDeque<Page>,
    again_next: usize,
    /// The side that is built, where it is kept for further rounds of the other side.
    kept_side: Option<usize>,
    built: BuildSide,
    /// Where the build side is broadcast: this task's part in the table of all tasks, until there is that table, or each task builds its own.
    shared: Option<SharedBuild>,
    /// The first cut is level 0.
    level: u32,
    /// Where memory does not hold the build side: its parts, and what was in the table before and is not in parts yet.
    parts: Option<Partitions>,
    uncut: VecDeque<Page>,
    /// The build side's parts, all on disk, while those of this round are joined.
    kept: Option<Partitions>,
    /// The other side's rows that wait for parts on disk.
    partners: Option<Partitions>,
    filter_bytes: usize,
    /// What is asked back and not given yet.
    owed_bytes: usize,
    /// The rows of an input whose answers are in memory, once its other rows were routed.
    here: Option<Selection>,
    /// Pairs of parts on disk.
    pending: Vec<PartitionPair>,
    /// Where all tasks join the pairs of all.
    queued: Option<QueuedPairs>,
    /// What comes back from disk.
    spilled_join: Option<SpilledJoin>,
    /// Where [`JoinEmitter`] stand with what comes back.
    cursor: Cursor,
    /// Where this task says which keys have a partner, until it has, each with the side that rows are dropped of.
    runtime_filters: Vec<(usize, Arc<RuntimeFilter>)>,
    metrics: Arc<OperatorMetrics>,
}

impl HybridHashJoin {
    /// A join that builds this side of its inputs.
    pub(crate) fn new(sides: [Side; 2], build: usize, spills: bool, context: &TaskContext) -> Result<Self> {
        let disk = SpillContext { spiller: context.spiller(), memory: context.memory.clone(), evenly: true };
        Ok(HybridHashJoin {
            built: BuildSide::new(&sides, build, &disk.memory)?,
            layouts: sides.each_ref().map(Layouts::of),
            sides,
            disk,
            stage: Stage::Build,
            spills,
            build_side: build,
            trial: None,
            early: EarlyRows::default(),
            again: VecDeque::new(),
            again_next: 0,
            kept_side: None,
            shared: None,
            level: 0,
            parts: None,
            kept: None,
            uncut: VecDeque::new(),
            partners: None,
            filter_bytes: 0,
            owed_bytes: 0,
            here: None,
            pending: Vec::new(),
            queued: None,
            spilled_join: None,
            cursor: 0,
            runtime_filters: context.runtime_filters.clone(),
            metrics: context.metrics.clone(),
        })
    }

    /// The same join, which keeps the side that is built for further rounds of the other side. The rows of that side may not be asked whether they had a partner.
    #[must_use]
    pub(crate) fn keeping_build(self) -> Self {
        HybridHashJoin { kept_side: Some(self.built.side), ..self }
    }

    /// Whether the side that is built comes once, and is there in all rounds.
    pub(crate) fn keeps_build(&self) -> bool {
        self.kept_side.is_some()
    }

    /// The inputs whose rows it can use at the moment.
    pub(crate) fn demand(&self) -> Demand {
        let accepts = |side: usize| {
            let is_build = side == self.build_side;
            self.trial.as_ref().map_or(is_build == (self.stage == Stage::Build), |trial| trial.wants(is_build))
        };
        Demand {
            ports: PortSet::of_first(2, accepts),
            prefers_stream: self.compares(),
            is_satisfied: false,
            is_awaited: self.is_awaited(),
        }
    }

    /// Rows of an input.
    pub(crate) fn on_batch(
        &mut self,
        emitter: &mut dyn JoinEmitter,
        side: usize,
        input: &Input<'_>,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        match self.stage {
            Stage::Build if side == self.build_side => self.collect(input),
            Stage::Build => self.collect_early(input),
            _ => self.probe(emitter, input, ProbePhase::Input, cursor, out),
        }
    }

    /// The end of an input.
    pub(crate) fn on_end(&mut self, emitter: &mut dyn JoinEmitter, side: usize, out: &mut Outputs) -> Result<Progress> {
        // Rows of the inputs are built, or looked up.
        let is_of_inputs = matches!(self.stage, Stage::Build | Stage::Probe) && self.spilled_join.is_none();
        if !is_of_inputs {
            return self.end_round(emitter, out);
        }
        if self.stage == Stage::Build && side != self.build_side {
            ready!(self.end_early()?);
            if side != self.build_side {
                return Ok(Progress::Done);
            }
        }
        if side == self.build_side {
            if self.stage == Stage::Build {
                self.keep_roles();
                ready!(self.add_again()?);
                ready!(self.build(self.early.stream_bytes())?);
            }
            ready!(self.probe_early(emitter, out)?);
            if !self.early.have_ended {
                return Ok(Progress::Done);
            }
        }
        self.stage = Stage::Finish;
        self.end_round(emitter, out)
    }

    /// Joins what is left on disk; then the side that is built waits for the next round, if it is kept.
    fn end_round(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        ready!(self.go_on(emitter, out)?);
        match self.kept_side {
            Some(side) => self.begin_round(side),
            None => Ok(Progress::Done),
        }
    }

    /// Takes rows past the table. Rows of parts on disk are sent after them, but for those that have no partner there: their answer is that of a row
    /// without a partner, which any table gives that does not have one.
    fn probe(
        &mut self,
        emitter: &mut dyn JoinEmitter,
        input: &Input<'_>,
        pass: ProbePhase,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let (Some(parts), Some(partners)) = (&mut self.parts, &mut self.partners) else {
            return emitter.probe(&mut self.built, input, pass, cursor, out);
        };
        let side = &self.sides[1 - self.built.side];
        let here = self.here.get_or_insert_with(|| {
            let on_disk = parts.are_on_disk();
            let keys_on_disk = parts.keys_on_disk();
            let mut here = Vec::with_capacity(input.len());
            partners.route(input, &side.key, |row, hash, part| {
                let goes = on_disk[part] && keys_on_disk.may_have(hash) && side.may_match(input, row);
                if !goes {
                    here.push(row);
                }
                goes
            });
            keys_on_disk.drop_if_needless();
            let mut rows = Selection::default();
            rows.set(here);
            rows
        });
        if partners.write(input.batch(), &mut self.disk)? == Progress::Pending {
            return Ok(Progress::Pending);
        }
        let progress = match here.is_empty() {
            true => Progress::Done,
            false => emitter.probe(&mut self.built, &Input::new(input.batch(), here), pass, cursor, out)?,
        };
        if progress == Progress::Done {
            self.here = None;
        }
        Ok(progress)
    }

    /// Answers for the table's rows, drops it, and notes what has gone to disk.
    fn finish(&mut self, emitter: &mut dyn JoinEmitter, out: &mut Outputs) -> Result<Progress> {
        ready!(emitter.finish(&mut self.built, &mut self.cursor, out)?);
        self.cursor = 0;
        if self.keeps_build() && self.level == 0 {
            self.keep();
            return Ok(Progress::Done);
        }
        self.built.shared = None;
        let in_memory: usize = self.built.table.take_pages().iter().map(Page::bytes).sum();
        if let (Some(parts), Some(partners)) = (self.parts.take(), self.partners.take()) {
            let (parts, partners) = (parts.into_spilled(&mut self.disk), partners.into_spilled(&mut self.disk));
            let on_disk: u64 = parts.iter().flatten().map(Spilled::bytes).sum();
            for (part, partner) in parts.into_iter().flatten().zip(partners.into_iter().flatten()) {
                let sides = if self.built.side == 0 { [part, partner] } else { [partner, part] };
                self.pending.push(PartitionPair::new(
                    sides,
                    self.built.side,
                    self.level + 1,
                    on_disk + in_memory as u64,
                ));
            }
        }
        self.disk.memory.shrink();
        self.go_to_next()?;
        Ok(Progress::Done)
    }
}
