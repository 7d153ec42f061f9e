//! A queue of pairs on disk that all tasks of a join share.
//!
//! Each task adds its rows of both sides, and any task joins the next pair. So a join whose
//! broadcast build side does not fit in memory becomes a join of partitioned sides. Each row is
//! written once and read once, for any number of tasks.
//!
//! # Limits
//! Results may leave in another task than that in which their rows arrived. If the plan relies on
//! the task of a row, each task instead joins its own rows with all partitions of the build side.
//!
//! # Why the tasks cannot deadlock
//! A task adds its pairs when both of its inputs have ended, which happens in all tasks.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::join::partition_pair::PartitionPair;
use crate::join::partitions::SpillContext;
use crate::kernel::TaskContext;
use crate::rendezvous::LocalRendezvous;
use crate::strategy::{Progress, ready};

/// The pairs of all tasks.
pub(super) struct PairQueue {
    /// One for each partition of the keys.
    pairs: Mutex<Vec<PartitionPair>>,
    /// Tasks that have added their pairs.
    added: LocalRendezvous<()>,
}

impl PairQueue {
    /// A queue for `tasks` tasks.
    pub(super) fn of(tasks: usize) -> Self {
        PairQueue { pairs: Mutex::default(), added: LocalRendezvous::of(tasks) }
    }

    /// Adds a task's pairs, in the order of the partitions.
    fn add(&self, context: &TaskContext, pairs: Vec<PartitionPair>) {
        let mut all = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            *all = pairs;
        } else {
            all.iter_mut().zip(pairs).for_each(|(all, pair)| all.append(pair));
        }
        drop(all);
        self.added.send(context, ());
    }

    /// Takes the largest pair. `Some(None)` if none is left, `None` until all tasks have added
    /// theirs.
    fn take(&self, context: &TaskContext) -> Option<Option<PartitionPair>> {
        self.added.poll(context, |added| added.iter().all(Option::is_some).then_some(()))?;
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let largest = (0..pairs.len()).max_by_key(|&pair| pairs[pair].bytes());
        Some(largest.map(|largest| pairs.swap_remove(largest)))
    }
}

/// A task's access to the queue.
pub(super) struct QueuedPairs {
    queue: Arc<PairQueue>,
    context: TaskContext,
    /// Whether the task has added its pairs.
    are_added: bool,
}

impl QueuedPairs {
    pub(super) fn new(queue: Arc<PairQueue>, context: TaskContext) -> Self {
        QueuedPairs { queue, context, are_added: false }
    }

    /// Returns `true` if other tasks wait for this task.
    pub(super) fn is_awaited(&self) -> bool {
        !self.are_added
    }

    /// Adds the task's `pending` pairs once, and takes a pair of the queue if none is pending. If
    /// it returns `Done` and none is pending, the queue is empty.
    pub(super) fn exchange(&mut self, pending: &mut Vec<PartitionPair>, disk: &SpillContext) -> Result<Progress> {
        if !self.are_added {
            ready!(disk.poll_written()?);
            self.queue.add(&self.context, std::mem::take(pending));
            self.are_added = true;
        }
        if pending.is_empty() {
            match self.queue.take(&self.context) {
                None => return Ok(Progress::Pending),
                Some(pair) => pending.extend(pair),
            }
        }
        Ok(Progress::Done)
    }
}
