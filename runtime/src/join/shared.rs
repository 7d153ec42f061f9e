//! The rendezvous of tasks that build one table together, from a build side that all of them
//! receive.

use std::sync::{Arc, Mutex};

use crate::error::Result;
use crate::hash::{BloomFilter, hash_rows};
use crate::join::pair_queue::PairQueue;
use crate::join::table::{JoinTable, SharedTable};
use crate::kernel::TaskContext;
use crate::page::{Input, Selection};
use crate::rendezvous::{Lent, LocalRendezvous};
use crate::spill::{SpillFiles, Spilled, Spiller};

/// The task of the process that moves the pages of all shares into one table.
pub(super) const OWNER: usize = 0;

/// Values that the tasks of a join exchange.
pub(super) struct BuildRendezvous {
    pub(super) offers: LocalRendezvous<Offer>,
    /// Sent by the owner: the table of all shares, not indexed yet. `None` if memory for its index
    /// is refused.
    pub(super) table: LocalRendezvous<Option<Arc<Lent<SharedTable>>>>,
    /// Sent by tasks that found no more page to index.
    pub(super) indexed: LocalRendezvous<()>,
    /// Shares on disk, if there is no table of all shares.
    pub(super) spilled: LocalRendezvous<Arc<Lent<SpilledShare>>>,
    /// The files of these shares.
    files: Arc<Lent<SpillFiles>>,
    /// Pairs of all shares and their probe rows, if any task may join them.
    pub(super) pairs: Arc<PairQueue>,
}

/// A share in memory, until the owner or its own task takes it. `None` for a share on disk.
pub(super) type Offer = Option<Arc<Mutex<Option<JoinTable>>>>;

/// A share on disk, in partitions of pages with the layout of a table.
pub(super) struct SpilledShare {
    pub(super) partitions: Vec<Spilled>,
    /// A filter over its keys, if there is one.
    pub(super) keys: Option<Arc<BloomFilter>>,
}

/// A task's part in a table that all tasks build.
pub(super) struct SharedBuild {
    pub(super) rendezvous: Arc<BuildRendezvous>,
    pub(super) context: TaskContext,
    hashes: Vec<u64>,
    /// Whether results may leave in another task than that in which their probe rows arrived.
    pub(super) breaks_partitioning: bool,
}

impl SharedBuild {
    /// Joins the rendezvous of all tasks.
    ///
    /// # Errors
    /// Fails only with an internal error.
    pub(super) fn new(breaks_partitioning: bool, context: &TaskContext) -> Result<(Self, Spiller)> {
        let rendezvous = context.process_local(|| BuildRendezvous {
            offers: LocalRendezvous::of(context.local_tasks.len()),
            table: LocalRendezvous::of(context.local_tasks.len()),
            indexed: LocalRendezvous::of(context.local_tasks.len()),
            spilled: LocalRendezvous::of(context.local_tasks.len()),
            files: Lent::to(context.local_tasks.len(), context.space.files()),
            pairs: Arc::new(PairQueue::of(context.local_tasks.len())),
        });
        let spiller = context.spiller_over(&*rendezvous.files.take()?);
        Ok((SharedBuild { rendezvous, context: context.clone(), hashes: Vec::new(), breaks_partitioning }, spiller))
    }

    /// The rows of an input that are in the task's share, by the hash of their key. Pages cannot
    /// decide the share: tasks may receive the same rows in different pages.
    pub(super) fn share_of(&mut self, input: &Input<'_>, key: &[usize]) -> Selection {
        hash_rows(input, key, &mut self.hashes);
        let (task, tasks) = (self.context.subtask as u64, self.context.subtasks as u64);
        let rows = input.selection().rows().iter().zip(&self.hashes);
        let mut share = Selection::default();
        share.set(rows.filter(|(_, hash)| *hash % tasks == task).map(|(&row, _)| row));
        share
    }

    /// Returns `true` if all shares are in memory. `None` until all are offered.
    pub(super) fn are_in_memory(&self) -> Option<bool> {
        self.rendezvous.offers.poll(&self.context, |offers| {
            offers.iter().try_fold(true, |are, offer| offer.as_ref().map(|offer| are & offer.is_some()))
        })
    }

    /// The owner's table of all shares. `Some(None)` if there is none, `None` until the owner has
    /// sent it.
    pub(super) fn lent_table(&self) -> Option<Option<Arc<Lent<SharedTable>>>> {
        self.rendezvous.table.poll(&self.context, |sent| sent.get(OWNER)?.clone())
    }

    /// Returns `true` if all pages of the table of all shares are indexed.
    pub(super) fn is_indexed(&self, table: &SharedTable) -> bool {
        // The table itself decides. A task that found no page to index may not have sent yet.
        self.rendezvous.indexed.poll(&self.context, |_| table.table().map(|_| ())).is_some()
    }

    /// All shares on disk. `None` until all tasks have written theirs.
    pub(super) fn spilled_shares(&self) -> Option<Result<Vec<Arc<SpilledShare>>>> {
        let all = |shares: &[Option<Arc<Lent<SpilledShare>>>]| shares.iter().cloned().collect::<Option<Vec<_>>>();
        let lent = self.rendezvous.spilled.poll(&self.context, all)?;
        Some(lent.iter().map(|share| share.take()).collect())
    }
}
