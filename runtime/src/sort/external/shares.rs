//! Sharing of buckets: tasks spread their rows over the same buckets, and each bucket is sorted by
//! one task.
//!
//! The tasks exchange three values:
//! 1. The bounds of their keys and their number of rows.
//! 2. An estimate of their rows per bucket, with buckets between the bounds of all tasks.
//! 3. Their rows, spread over the buckets.
//!
//! They share only if all rows of all tasks are in memory, and if no task would sort many more rows
//! than others. Else the tasks merge runs: see `total`.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::RevokeHandle;
use crate::rendezvous::LocalRendezvous;
use crate::sort::external::merging::MergeSize;
use crate::sort::external::sorter::{Sorter, none_shared};
use crate::sort::small_rows::{KeyBounds, SpreadRows};

/// The greatest estimated number of rows of a task, relative to an equal share.
const MAX_UNEVENNESS: f64 = 1.3;

/// The bounds of a task's keys and its number of rows. `None` if they cannot be shared.
type OfferedRows = Option<(KeyBounds, usize)>;

/// The first value: sent after all rows were added.
#[derive(Clone)]
struct Offer {
    rows: OfferedRows,
    /// The size of this task's part of a merge.
    size: MergeSize,
}

/// The third value: the rows of a task.
#[derive(Clone)]
struct TaskRows {
    /// The number of its rows in each bucket.
    counts: Vec<usize>,
    rows: Arc<Mutex<SpreadRows>>,
    /// Asks this task to spill. Used by tasks that spill its rows, since this task holds their
    /// memory.
    holder: Option<RevokeHandle>,
}

/// State that the tasks share: the three exchanges.
pub(crate) struct SharesRendezvous {
    offers: LocalRendezvous<Offer>,
    /// `None` from a task that has spilled rows in the meantime.
    estimates: LocalRendezvous<Option<Vec<usize>>>,
    spread_rows: LocalRendezvous<TaskRows>,
}

impl SharesRendezvous {
    pub(crate) fn of(tasks: usize) -> Self {
        SharesRendezvous {
            offers: LocalRendezvous::of(tasks),
            estimates: LocalRendezvous::of(tasks),
            spread_rows: LocalRendezvous::of(tasks),
        }
    }
}

/// The progress of a task: the value that it sent last.
pub(crate) enum Shares {
    /// Its rows may still be spilled, until all offers have arrived.
    Offered,
    Estimated(KeyBounds, usize, MergeSize),
    Sent,
}

/// The outcome of sharing.
pub(crate) enum ShareOutcome {
    /// Each task keeps its rows. A merge of all of them has this size.
    No(MergeSize),
    /// The buffer has the rows of this task's buckets. The handles are of the tasks that hold their
    /// memory.
    Yes(Box<[RevokeHandle]>),
}

impl Shares {
    /// Sends the first value.
    pub(crate) fn offer(sorter: &mut Sorter, rendezvous: &SharesRendezvous, context: &TaskContext) -> Self {
        rendezvous.offers.send(context, Offer { size: sorter.merge_size(), rows: sorter.sharable_rows() });
        Shares::Offered
    }

    /// Continues. Returns the outcome, or `None` if values of other tasks are missing.
    pub(crate) fn poll(
        &mut self,
        sorter: &mut Sorter,
        rendezvous: &SharesRendezvous,
        context: &TaskContext,
    ) -> Result<Option<ShareOutcome>> {
        loop {
            match self {
                Shares::Offered => {
                    let Some(offers) = rendezvous.offers.poll(context, all) else { return Ok(None) };
                    let size = MergeSize::of(offers.iter().map(|offer| offer.size));
                    let Some((bounds, rows)) = join_offers(offers) else { return Ok(Some(ShareOutcome::No(size))) };
                    let all_here = sorter.has_all_in_memory();
                    let estimate = match sorter.buffer.by_buckets() {
                        Some(buckets) if all_here => Some(buckets.estimate_rows_per_bucket(&bounds, rows)),
                        _ => None,
                    };
                    rendezvous.estimates.send(context, estimate);
                    *self = Shares::Estimated(bounds, rows, size);
                }
                Shares::Estimated(bounds, rows, size) => {
                    let Some(estimates) = rendezvous.estimates.poll(context, all) else { return Ok(None) };
                    let estimates: Option<Vec<_>> = estimates.into_iter().collect();
                    if !estimates.is_some_and(|estimates| is_even(&sums(estimates.iter()), context.subtasks)) {
                        return Ok(Some(ShareOutcome::No(*size)));
                    }
                    let spread = sorter.buffer.by_buckets().ok_or_else(none_shared)?.share(bounds, *rows)?;
                    let (counts, holder) = (spread.rows().collect(), sorter.memory.revoke_handle());
                    rendezvous
                        .spread_rows
                        .send(context, TaskRows { counts, rows: Arc::new(Mutex::new(spread)), holder });
                    *self = Shares::Sent;
                }
                Shares::Sent => {
                    let Some(all_rows) = rendezvous.spread_rows.poll(context, all) else { return Ok(None) };
                    let sums = sums(all_rows.iter().map(|rows| &rows.counts));
                    let own = bucket_range(&sums, context.subtasks, context.subtask);
                    let take =
                        |rows: &TaskRows| rows.rows.lock().unwrap_or_else(PoisonError::into_inner).take(own.clone());
                    sorter.take_shared(all_rows.iter().map(take).collect())?;
                    return Ok(Some(ShareOutcome::Yes(all_rows.into_iter().filter_map(|rows| rows.holder).collect())));
                }
            }
        }
    }
}

/// The values of all tasks. `None` if one is missing.
fn all<V: Clone>(values: &[Option<V>]) -> Option<Vec<V>> {
    values.iter().cloned().collect()
}

/// The bounds of all tasks' keys, and the total number of rows.
fn join_offers(offers: Vec<Offer>) -> OfferedRows {
    offers.into_iter().map(|offer| offer.rows).reduce(|all, one| {
        let ((mut bounds, rows), (others, more)) = (all?, one?);
        bounds.join(&others);
        Some((bounds, rows + more))
    })?
}

/// The number of rows of all tasks in each bucket.
fn sums<'r>(tasks: impl Iterator<Item = &'r Vec<usize>>) -> Vec<usize> {
    let mut sums = Vec::new();
    for rows in tasks {
        sums.resize(rows.len().max(sums.len()), 0);
        sums.iter_mut().zip(rows).for_each(|(sum, rows)| *sum += rows);
    }
    sums
}

/// The buckets of `task`. Each task has a range of buckets with about the same number of rows, in
/// the order of the tasks.
fn bucket_range(rows: &[usize], tasks: usize, task: usize) -> Range<usize> {
    let total = rows.iter().sum::<usize>().max(1);
    let begin = |task: usize| {
        let mut before = 0;
        // A bucket belongs to the task whose share contains its middle row.
        let mut is_earlier = |&rows: &usize| {
            let twice_middle = 2 * before + rows;
            before += rows;
            twice_middle * tasks < 2 * task * total
        };
        rows.iter().position(|rows| !is_earlier(rows)).unwrap_or(rows.len())
    };
    begin(task)..if task + 1 == tasks { rows.len() } else { begin(task + 1) }
}

/// Returns `true` if no task would have many more rows than others.
fn is_even(rows: &[usize], tasks: usize) -> bool {
    let total: usize = rows.iter().sum();
    let of_task = |task| rows[bucket_range(rows, tasks, task)].iter().sum::<usize>();
    (0..tasks).map(of_task).max().unwrap_or(0) as f64 <= MAX_UNEVENNESS * total as f64 / tasks as f64
}
