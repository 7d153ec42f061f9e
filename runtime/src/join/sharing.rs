//! Build sides that all tasks receive: the tasks build one table together, and all of them probe
//! it. Each task holds a share of the build rows. At their end the tasks agree: one table in
//! memory, or all shares on disk.
//!
//! ```text
//! build rows          each task receives all rows and keeps its share, by the hash of the key,
//!                     in a table, or in partitions on disk after memory was refused
//! end of build rows   each task offers its share
//!   all shares are in memory and the index fits:
//!                     one task moves all pages into one table, all tasks index them
//!                     (`table::indexing`), and each task probes the table without a write
//!   otherwise:        each task writes its whole share to disk, in partitions; probe rows follow
//! end of probe rows   if there is no table, any task joins a partition of all shares with probe
//!                     rows of all tasks (`pair_queue`). If results must leave in the task of their
//!                     probe row, each task joins all partitions with its own probe rows.
//! ```
//! The build rows are in memory once, and each task copies its share only. One decision holds for
//! all tasks. Before its offer, a task spills its share as any hash join does. After its offer, its
//! memory is not revoked.
//!
//! Without a table, no build row stays in memory, as for a build side that is kept
//! (`spilled_partitions`). The shares lie in the same files, so each row is on disk once.
//!
//! # Early stops
//! A task that other tasks wait for does not stop early: its share would be missing. After it has
//! the table, it may stop.
//!
//! # Why the tasks cannot deadlock
//! All tasks of a stage have the same joins in the same order. Each task works on the last join
//! whose table is not built, and that join's build side comes from another stage. So every task
//! reaches the end of that build side.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::join::JoinContext;
use crate::join::build::Building;
use crate::join::pair_queue::QueuedPairs;
use crate::join::probe::Probing;
use crate::join::shared::{OWNER, Offer, SharedBuild, SpilledShare};
use crate::join::side::BuildSide;
use crate::join::spilled_keys::SpilledKeysFilter;
use crate::join::table::{JoinTable, SharedTable};
use crate::memory::limits::SPILL_PARTS;
use crate::rendezvous::Lent;
use crate::spill::Spilled;
use crate::strategy::{Progress, ready};

/// Pages that a task indexes in one call.
const INDEX_PAGES: usize = 64;

/// The phase after the build phase of a shared table, until the task can probe.
pub(super) struct Sharing {
    pub(super) building: Building,
    shared: SharedBuild,
    offer: Offer,
    stage: SharingStage,
    queue: Option<QueuedPairs>,
}

enum SharingStage {
    /// The share is offered. The task waits for the other offers.
    Offered,
    /// All shares are in memory. The task waits for the owner.
    InMemory,
    /// The task indexes pages.
    Indexing(Arc<SharedTable>),
    /// The task waits until other tasks have indexed their pages.
    Indexed(Arc<SharedTable>),
    /// There is no table of all shares. The task writes its share to disk.
    Spilling,
    /// The share is on disk. The task waits for the other shares.
    Spilled,
    /// All shares are on disk. The task makes room for the probe rows that follow.
    OnDisk,
}

impl Sharing {
    /// Offers the task's share. From here on its memory is not revoked.
    pub(super) fn new(mut building: Building, shared: SharedBuild, join: &JoinContext) -> Result<Self> {
        join.disk.memory.set_revocable(false);
        building.revoke_debt = 0;
        let mut offer = None;
        if building.partitions.is_none() {
            let empty = BuildSide::new(&join.sides, building.built.side, &join.disk.memory)?;
            let table = std::mem::replace(&mut building.built, empty).table;
            offer = Some(Arc::new(Mutex::new(Some(table))));
        }
        shared.rendezvous.offers.send(&shared.context, offer.clone());
        Ok(Sharing { building, shared, offer, stage: SharingStage::Offered, queue: None })
    }

    /// Continues until the task can probe the table of all tasks, or until probe rows can be added
    /// to the partitions of all shares.
    pub(super) fn poll_shared_build(&mut self, join: &mut JoinContext) -> Result<Progress> {
        loop {
            self.stage = match self.stage {
                SharingStage::Offered => match self.shared.are_in_memory() {
                    None => return Ok(Progress::Pending),
                    Some(false) => SharingStage::Spilling,
                    Some(true) => {
                        self.merge_shares(join)?;
                        SharingStage::InMemory
                    }
                },
                SharingStage::InMemory => match self.shared.lent_table() {
                    None => return Ok(Progress::Pending),
                    Some(None) => SharingStage::Spilling,
                    Some(Some(table)) => SharingStage::Indexing(table.take()?),
                },
                SharingStage::Indexing(ref table) => {
                    if (0..INDEX_PAGES).all(|_| table.index_next()) {
                        return Ok(Progress::Yield);
                    }
                    self.shared.rendezvous.indexed.send(&self.shared.context, ());
                    SharingStage::Indexed(table.clone())
                }
                SharingStage::Indexed(ref table) => {
                    if !self.shared.is_indexed(table) {
                        return Ok(Progress::Pending);
                    }
                    self.building.built.shared = Some(table.clone());
                    join.disk.memory.shrink();
                    return Ok(Progress::Done);
                }
                SharingStage::Spilling => {
                    ready!(self.spill_share(join)?);
                    SharingStage::Spilled
                }
                SharingStage::Spilled => match self.shared.spilled_shares() {
                    None => return Ok(Progress::Pending),
                    Some(shares) => {
                        self.take_shares(&shares?);
                        SharingStage::OnDisk
                    }
                },
                SharingStage::OnDisk => {
                    ready!(join.disk.reserve_followers(self.building.buffered.stream_bytes())?);
                    self.building.built.table.build()?;
                    return Ok(Progress::Done);
                }
            };
        }
    }

    /// The probe phase that follows.
    pub(super) fn into_probing(self, join: &mut JoinContext) -> Probing {
        let mut probing = Probing::new(self.building, join);
        if let Some(spilled) = &mut probing.spilled {
            spilled.queue = self.queue;
        }
        probing
    }

    /// In the owner's task: moves all shares into one table, if memory for its index is granted.
    /// Otherwise the shares stay with their tasks.
    fn merge_shares(&self, join: &JoinContext) -> Result<()> {
        if self.shared.context.subtask != self.shared.context.local_tasks.start + OWNER {
            return Ok(());
        }
        let rendezvous = &self.shared.rendezvous;
        let all = |sent: &[Option<Offer>]| Some(sent.iter().flatten().flatten().cloned().collect::<Vec<_>>());
        let offers = rendezvous.offers.peek(all).unwrap_or_default();
        let mut offers: Vec<_> =
            offers.iter().map(|offer| offer.lock().unwrap_or_else(PoisonError::into_inner)).collect();
        let shares: Vec<&JoinTable> = offers.iter().filter_map(|offer| offer.as_ref()).collect();
        let mut lent = None;
        if join.disk.memory.try_reserve(JoinTable::build_bytes_of(&shares)) {
            let mut table = BuildSide::new(&join.sides, self.building.built.side, &join.disk.memory)?.table;
            offers.iter_mut().filter_map(|offer| offer.take()).try_for_each(|share| table.take_over(share))?;
            lent = Some(Lent::to(self.shared.context.local_tasks.len(), SharedTable::new(table)?));
        }
        drop(offers);
        rendezvous.table.send(&self.shared.context, lent);
        Ok(())
    }

    /// Writes the task's whole share to disk, and sends its partitions to the other tasks.
    fn spill_share(&mut self, join: &mut JoinContext) -> Result<Progress> {
        let (shared, building) = (&self.shared, &mut self.building);
        let offered = self.offer.take().and_then(|offer| offer.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(table) = offered {
            building.built.table = table;
            building.partition(join);
        }
        ready!(building.distribute(join)?);
        let Some(partitions) = &mut building.partitions else { return Ok(Progress::Done) };
        partitions.spill_all(&mut join.disk);
        ready!(join.disk.poll_written()?);
        partitions.keys_on_disk().drop_if_crowded();
        let share = SpilledShare { partitions: partitions.lent().collect(), keys: partitions.keys_on_disk().share() };
        shared.rendezvous.spilled.send(&shared.context, Lent::to(shared.context.local_tasks.len(), share));
        Ok(Progress::Done)
    }

    /// Adds probe rows to the partitions of all shares from now on. Either all tasks join this
    /// task's partitions, or this task joins the partitions of all shares.
    fn take_shares(&mut self, shares: &[Arc<SpilledShare>]) {
        let breaks_partitioning = self.shared.breaks_partitioning;
        let keys = SpilledKeysFilter::of_shares(shares.iter().map(|share| share.keys.clone()));
        let partition = |number: usize| {
            let mut all = Spilled::default();
            let of_shares = shares.iter().filter_map(|share| share.partitions.get(number));
            of_shares.for_each(|share| all.append(share.lent()));
            all.lent()
        };
        let partitions = (!breaks_partitioning).then(|| (0..SPILL_PARTS).map(partition).collect());
        if let Some(own) = &mut self.building.partitions {
            own.replace(partitions, keys);
        }
        let queue = || QueuedPairs::new(self.shared.rendezvous.pairs.clone(), self.shared.context.clone());
        self.queue = breaks_partitioning.then(queue);
    }
}
