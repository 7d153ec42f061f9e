//! Pairs of parts on disk that belong to all tasks of a join: each task gives what it has of either side, and whoever is free joins the next pair.
//!
//! So a join whose build side came to all tasks, and does not fit into memory, becomes a join of sides that are partitioned by their keys. Each row of either side is written
//! once and read once, however many tasks there are; what the exchange of another plan would have done before the build side was counted, files do behind it.
//!
//! **Rows leave in another task than that in which they came.** Where the plan relies on the task of a row, each task joins its own rows with all parts of the build side.
//!
//! **No task waits for ever.** A task gives its pairs when both of its inputs have ended, which is so sooner or later in all of them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::join::HybridHashJoin;
use crate::join::spilled::PartitionPair;
use crate::kernel::TaskContext;
use crate::rendezvous::Rendezvous;
use crate::strategy::Progress;

/// The pairs of all tasks.
pub(super) struct PairQueue {
    /// One for each part of the keys.
    pairs: Mutex<Vec<PartitionPair>>,
    /// Each task speaks when it has given its pairs.
    given: Rendezvous<()>,
}

impl PairQueue {
    /// A queue of so many tasks.
    pub(super) fn of(tasks: usize) -> Self {
        PairQueue { pairs: Mutex::default(), given: Rendezvous::of(tasks) }
    }

    /// Takes a task's pairs, in the order of the parts.
    fn give(&self, context: &TaskContext, pairs: Vec<PartitionPair>) {
        let mut all = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            *all = pairs;
        } else {
            all.iter_mut().zip(pairs).for_each(|(all, pair)| all.append(pair));
        }
        drop(all);
        self.given.say(context, ());
    }

    /// The largest pair that nobody has taken, if one is left; `None` before all tasks have given theirs.
    fn take(&self, context: &TaskContext) -> Option<Option<PartitionPair>> {
        self.given.wait(context, |said| said.iter().all(Option::is_some).then_some(()))?;
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let largest = (0..pairs.len()).max_by_key(|&pair| pairs[pair].bytes());
        Some(largest.map(|largest| pairs.swap_remove(largest)))
    }
}

/// A task's way to the queue.
pub(super) struct QueuedPairs {
    pub(super) queue: Arc<PairQueue>,
    pub(super) context: TaskContext,
    /// Whether the task has given its pairs.
    pub(super) are_given: bool,
}

impl HybridHashJoin {
    /// Gives this task's pairs to all tasks, and takes the next one when it has none; done where there is none to wait for.
    pub(super) fn exchange_pairs(&mut self) -> Result<Progress> {
        let Some(queued) = &mut self.queued else { return Ok(Progress::Done) };
        if !queued.are_given {
            // What others are to read must be written.
            if self.disk.is_writing()? {
                return Ok(Progress::Pending);
            }
            queued.queue.give(&queued.context, std::mem::take(&mut self.pending));
            queued.are_given = true;
        }
        if self.pending.is_empty() {
            match queued.queue.take(&queued.context) {
                None => return Ok(Progress::Pending),
                Some(None) => self.queued = None,
                Some(Some(pair)) => self.pending.push(pair),
            }
        }
        Ok(Progress::Done)
    }
}
