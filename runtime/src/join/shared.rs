//! A broadcast build side: one table, which the tasks of a join build together and all of them probe.
//!
//! ```text
//!  rows of the build side --> each task receives all rows and keeps its share, by the hash of the key: in a table while memory is granted, else in partitions on disk
//!  end of the build side  --> each task offers its share
//!     all shares are in memory, and the index fits   one task puts all pages into one table, all tasks index its pages (`table::indexing`), each task probes the table and writes nothing in it
//!     otherwise                                      each task writes all of its share to disk, in parts by hash; rows of the other side follow their partners there
//! end of the other side  --> parts of all shares, if there is no table: any task joins a part with the rows of all tasks that followed it (`pair_queue`), or, where rows
//!                            must leave in the task in which they came, each task joins all parts with its own rows
//! ```
//! The rows of the build side are in memory once, and each task copies its share alone. One decision holds for all tasks. It is taken when every task has come to the end of
//! the build side. Before its offer, a task spills its share as any hash join spills its build side; after its offer, a task is not asked to give memory back.
//! Where the decision is against one table, a part of the build side is the parts of all shares, which lie in the same files: each row is on disk once. Nothing of it
//! stays in memory, as in a build side that is kept (`kept`). So a build side that was taken for a small one costs what it costs to partition it.
//!
//! The hash of a row's key says whose share the row is in. The page of the row cannot say it: a page that waited on disk is read by each task by itself, so tasks
//! receive other pages in another order.
//!
//! **A task that other tasks wait for does not stop early** ([`HybridHashJoin::is_awaited`]): its share would be missing. Once a task has the table it may stop.
//!
//! **No task waits for ever.** All tasks of a stage have the same joins in the same order. Each task works on the last join whose table is not built, and the
//! build side of that join comes from another stage. So every task reaches the end of that build side.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::hash::{BloomFilter, hash_rows};
use crate::join::HybridHashJoin;
use crate::join::pair_queue::{PairQueue, QueuedPairs};
use crate::join::side::BuildSide;
use crate::join::spilled_keys::SpilledKeysFilter;
use crate::join::table::{JoinTable, SharedTable};
use crate::kernel::TaskContext;
use crate::memory::limits::SPILL_PARTS;
use crate::page::{Input, Selection};
use crate::rendezvous::{Lent, Rendezvous};
use crate::spill::{SpillFiles, Spilled};
use crate::strategy::{Progress, ready};

/// The task that puts the pages of all shares into one table.
const OWNER: usize = 0;

/// Pages that a task indexes before other tasks of its thread may have a turn.
const INDEX_PAGES: usize = 64;

/// Where the tasks of a join meet.
struct BuildRendezvous {
    /// What each task offers.
    offers: Rendezvous<Offer>,
    /// What the owner says: the table of all shares, not indexed yet; `None` where there is no memory for its index.
    table: Rendezvous<Option<Arc<Lent<SharedTable>>>>,
    /// Each task speaks when no page is left for it to index.
    indexed: Rendezvous<()>,
    /// Each task's share on disk, where there is no table of all shares.
    spilled: Rendezvous<Arc<Lent<SpilledShare>>>,
    /// Where the shares are then.
    files: Arc<Lent<SpillFiles>>,
    /// The parts of all shares with the other side's rows, where any task may join them.
    pairs: Arc<PairQueue>,
}

/// A share that is in memory, until the owner or its own task takes it; `None` for a share on disk.
type Offer = Option<Arc<Mutex<Option<JoinTable>>>>;

/// A share on disk, in parts of pages that lie as in a table.
struct SpilledShare {
    parts: Vec<Spilled>,
    /// A filter over its keys, if there is one.
    keys: Option<Arc<BloomFilter>>,
}

/// One task's part in building a table of all tasks.
pub(super) struct SharedBuild {
    meeting: Arc<BuildRendezvous>,
    context: TaskContext,
    stage: SharedStage,
    offer: Offer,
    hashes: Vec<u64>,
    /// Whether rows may leave in another task than that in which they came.
    moves_rows: bool,
}

enum SharedStage {
    /// The task collects its share.
    Collect,
    /// The share is offered; the task waits for the other offers.
    Offered,
    /// All shares are in memory; the task waits for the owner.
    InMemory,
    /// The task indexes pages.
    Index(Arc<SharedTable>),
    /// No page is left for the task; it waits until the other tasks have indexed theirs.
    Indexed(Arc<SharedTable>),
    /// There is no table of all shares; the task writes its share to disk.
    Spill,
    /// The share is on disk; the task waits for the other shares.
    Spilled,
    /// All shares are on disk; the task makes room for the rows that follow them.
    OnDisk,
}

impl SharedBuild {
    /// Whether the task can give back memory: it collects rows, and no other task counts on them.
    pub(super) fn gives(&self) -> bool {
        matches!(self.stage, SharedStage::Collect)
    }

    /// The rows of an input that are in this task's share.
    pub(super) fn share_of(&mut self, input: &Input<'_>, key: &[usize]) -> Selection {
        hash_rows(input, key, &mut self.hashes);
        let (task, tasks) = (self.context.subtask as u64, self.context.subtasks as u64);
        let rows = input.selection().rows().iter().zip(&self.hashes);
        let mut share = Selection::default();
        share.set(rows.filter(|(_, hash)| *hash % tasks == task).map(|(&row, _)| row));
        share
    }

    /// Whether all shares are in memory; `None` before all are offered.
    fn are_in_memory(&self) -> Option<bool> {
        self.meeting.offers.wait(&self.context, |said| {
            said.iter().try_fold(true, |are, offer| offer.as_ref().map(|offer| are & offer.is_some()))
        })
    }

    /// All shares on disk; `None` before all are there.
    fn spilled_shares(&self) -> Option<Result<Vec<Arc<SpilledShare>>>> {
        let all = |said: &[Option<Arc<Lent<SpilledShare>>>]| said.iter().cloned().collect::<Option<Vec<_>>>();
        let lent = self.meeting.spilled.wait(&self.context, all)?;
        Some(lent.iter().map(|share| share.take()).collect())
    }
}

impl HybridHashJoin {
    /// The same join, whose tasks each receive all rows of the build side and build one table of them. Nothing may be given for build rows by whether they had a partner.
    ///
    /// `moves_rows` says whether rows may leave in another task than that in which they came, where the build side does not fit into memory.
    ///
    /// # Errors
    /// None but of the engine itself.
    pub(crate) fn building_together(mut self, moves_rows: bool, context: &TaskContext) -> Result<Self> {
        if context.subtasks < 2 {
            return Ok(self);
        }
        let meeting = context.shared(|| BuildRendezvous {
            offers: Rendezvous::of(context.subtasks),
            table: Rendezvous::of(context.subtasks),
            indexed: Rendezvous::of(context.subtasks),
            spilled: Rendezvous::of(context.subtasks),
            files: Lent::to(context.subtasks, context.space.files()),
            pairs: Arc::new(PairQueue::of(context.subtasks)),
        });
        self.disk.spiller = context.spiller_over(&*meeting.files.take()?);
        let (context, stage) = (context.clone(), SharedStage::Collect);
        // Without a key there is one part, which all tasks had better join.
        let moves_rows = moves_rows && self.kept_side.is_none() && !self.sides[self.built.side].key.is_empty();
        let shared = SharedBuild { meeting, context, stage, offer: None, hashes: Vec::new(), moves_rows };
        Ok(HybridHashJoin { shared: Some(shared), ..self })
    }

    /// Whether other tasks wait for this task, or will.
    pub(crate) fn is_awaited(&self) -> bool {
        self.shared.is_some() || self.queued.as_ref().is_some_and(|queued| !queued.are_given)
    }

    /// Called at the end of the build side. When it is done, rows are [looked up](BuildSide::looked_up) in the table of all tasks, or follow the parts of all
    /// shares to disk.
    pub(super) fn build_together(&mut self) -> Result<Progress> {
        let Some(mut shared) = self.shared.take() else { return Ok(Progress::Done) };
        let progress = self.meet(&mut shared)?;
        if progress != Progress::Done {
            self.shared = Some(shared);
        }
        Ok(progress)
    }

    fn meet(&mut self, shared: &mut SharedBuild) -> Result<Progress> {
        loop {
            shared.stage = match shared.stage {
                SharedStage::Collect => self.offer(shared)?,
                SharedStage::Offered => match shared.are_in_memory() {
                    None => return Ok(Progress::Pending),
                    Some(false) => SharedStage::Spill,
                    Some(true) => {
                        if shared.context.subtask == OWNER {
                            self.own_all(shared)?;
                        }
                        SharedStage::InMemory
                    }
                },
                SharedStage::InMemory => {
                    let table = |said: &[Option<Option<Arc<Lent<SharedTable>>>>]| said.get(OWNER)?.clone();
                    match shared.meeting.table.wait(&shared.context, table) {
                        None => return Ok(Progress::Pending),
                        Some(None) => SharedStage::Spill,
                        Some(Some(table)) => SharedStage::Index(table.take()?),
                    }
                }
                SharedStage::Index(ref table) => {
                    if (0..INDEX_PAGES).all(|_| table.index_next()) {
                        return Ok(Progress::Yield);
                    }
                    let table = table.clone();
                    shared.meeting.indexed.say(&shared.context, ());
                    SharedStage::Indexed(table)
                }
                SharedStage::Indexed(ref table) => {
                    // A task that found no page to index need not have said so.
                    let is_indexed = |_: &[Option<()>]| table.table().map(|_| ());
                    if shared.meeting.indexed.wait(&shared.context, is_indexed).is_none() {
                        return Ok(Progress::Pending);
                    }
                    self.built.shared = Some(table.clone());
                    self.disk.memory.shrink();
                    self.begin_probe();
                    return Ok(Progress::Done);
                }
                SharedStage::Spill => {
                    ready!(self.spill_share(shared)?);
                    SharedStage::Spilled
                }
                SharedStage::Spilled => match shared.spilled_shares() {
                    None => return Ok(Progress::Pending),
                    Some(shares) => {
                        self.take_shares(&shares?, shared);
                        SharedStage::OnDisk
                    }
                },
                SharedStage::OnDisk => return self.begin_round(self.built.side),
            };
        }
    }

    /// Offers this task's share. From here on the task is not asked to give memory back.
    fn offer(&mut self, shared: &mut SharedBuild) -> Result<SharedStage> {
        self.disk.memory.set_revocable(false);
        self.owed_bytes = 0;
        if self.parts.is_none() {
            let empty = BuildSide::new(&self.sides, self.built.side, &self.disk.memory)?;
            let table = std::mem::replace(&mut self.built, empty).table;
            shared.offer = Some(Arc::new(Mutex::new(Some(table))));
        }
        shared.meeting.offers.say(&shared.context, shared.offer.clone());
        Ok(SharedStage::Offered)
    }

    /// Puts all shares into one table, if there is memory for its index; else each share stays where it is.
    fn own_all(&mut self, shared: &SharedBuild) -> Result<()> {
        let all = |said: &[Option<Offer>]| Some(said.iter().flatten().flatten().cloned().collect::<Vec<_>>());
        let offers = shared.meeting.offers.ask(all).unwrap_or_default();
        let mut offers: Vec<_> =
            offers.iter().map(|offer| offer.lock().unwrap_or_else(PoisonError::into_inner)).collect();
        let shares: Vec<&JoinTable> = offers.iter().filter_map(|offer| offer.as_ref()).collect();
        let mut lent = None;
        if self.disk.memory.try_reserve(JoinTable::build_bytes_of(&shares)) {
            let mut table = BuildSide::new(&self.sides, self.built.side, &self.disk.memory)?.table;
            offers.iter_mut().filter_map(|offer| offer.take()).try_for_each(|share| table.take_over(share))?;
            lent = Some(Lent::to(shared.context.subtasks, SharedTable::new(table)?));
        }
        drop(offers);
        shared.meeting.table.say(&shared.context, lent);
        Ok(())
    }

    /// Writes all of this task's share to disk, and says where the share is.
    fn spill_share(&mut self, shared: &mut SharedBuild) -> Result<Progress> {
        let offered = shared.offer.take().and_then(|offer| offer.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(table) = offered {
            self.built.table = table;
            self.cut();
        }
        ready!(self.distribute()?);
        let Some(parts) = &mut self.parts else { return Ok(Progress::Done) };
        parts.spill_all(&mut self.disk);
        if self.disk.is_writing()? {
            return Ok(Progress::Pending);
        }
        parts.keys_on_disk().drop_if_crowded();
        let share = SpilledShare { parts: parts.lent().collect(), keys: parts.keys_on_disk().share() };
        shared.meeting.spilled.say(&shared.context, Lent::to(shared.context.subtasks, share));
        Ok(Progress::Done)
    }

    /// Has rows of the other side follow the parts of all shares: this task's parts are for all tasks to join, or all parts are for this task.
    fn take_shares(&mut self, shares: &[Arc<SpilledShare>], shared: &SharedBuild) {
        let keys = SpilledKeysFilter::of_shares(shares.iter().map(|share| share.keys.clone()));
        let part = |part: usize| {
            let mut all = Spilled::default();
            shares.iter().filter_map(|share| share.parts.get(part)).for_each(|share| all.append(share.lent()));
            all.lent()
        };
        let parts = (!shared.moves_rows).then(|| (0..SPILL_PARTS).map(part).collect());
        if let Some(own) = &mut self.parts {
            own.replace(parts, keys);
        }
        self.queued = shared.moves_rows.then(|| QueuedPairs {
            queue: shared.meeting.pairs.clone(),
            context: shared.context.clone(),
            are_given: false,
        });
    }
}
