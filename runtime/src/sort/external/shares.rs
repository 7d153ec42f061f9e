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
const MOST_UNEVEN: f64 = 1.3;

/// The bounds of a task's keys and its number of rows. `None` if they cannot be shared.
type Rows = Option<(KeyBounds, usize)>;

/// The first value: sent after all rows were added.
#[derive(Clone)]
struct Offer {
    rows: Rows,
    /// The size of this task's part of a merge.
    size: MergeSize,
}

/// The third value: the rows of a task.
#[derive(Clone)]
struct Given {
    /// The number of its rows in each bucket.
    counts: Vec<usize>,
    rows: Arc<Mutex<SpreadRows>>,
    /// A task that revokes also asks the holders of all rows that it sorts.
    holder: Option<RevokeHandle>,
}

/// State that the tasks share: the three exchanges.
pub(crate) struct SharesMeeting {
    offers: LocalRendezvous<Offer>,
    /// `None` from a task that has spilled rows in the meantime.
    guesses: LocalRendezvous<Option<Vec<usize>>>,
    given: LocalRendezvous<Given>,
}

impl SharesMeeting {
    pub(crate) fn of(tasks: usize) -> Self {
        SharesMeeting {
            offers: LocalRendezvous::of(tasks),
            guesses: LocalRendezvous::of(tasks),
            given: LocalRendezvous::of(tasks),
        }
    }
}

/// The progress of a task: the value that it sent last.
pub(crate) enum Shares {
    /// Its rows may still be spilled, until all offers have arrived.
    Offered,
    Guessed(KeyBounds, usize, MergeSize),
    Given,
}

/// The outcome of sharing.
pub(crate) enum Shared {
    /// Each task keeps its rows. A merge of all of them has this size.
    No(MergeSize),
    /// The buffer has the rows of this task's buckets. The handles are of the tasks that hold their
    /// memory.
    Yes(Box<[RevokeHandle]>),
}

impl Shares {
    /// Sends the first value.
    pub(crate) fn offer(sorter: &mut Sorter, meeting: &SharesMeeting, context: &TaskContext) -> Self {
        meeting.offers.send(context, Offer { size: sorter.merge_size(), rows: sorter.offer() });
        Shares::Offered
    }

    /// Continues. Returns the outcome, or `None` if values of other tasks are missing.
    pub(crate) fn go_on(
        &mut self,
        sorter: &mut Sorter,
        meeting: &SharesMeeting,
        context: &TaskContext,
    ) -> Result<Option<Shared>> {
        loop {
            match self {
                Shares::Offered => {
                    let Some(offers) = meeting.offers.poll(context, all) else { return Ok(None) };
                    let size = MergeSize::of(offers.iter().map(|offer| offer.size));
                    let Some((bounds, rows)) = joined(offers) else { return Ok(Some(Shared::No(size))) };
                    let all_here = sorter.has_all_in_memory();
                    let guess = match sorter.buffer.by_buckets() {
                        Some(buckets) if all_here => Some(buckets.guess_shares(&bounds, rows)),
                        _ => None,
                    };
                    meeting.guesses.send(context, guess);
                    *self = Shares::Guessed(bounds, rows, size);
                }
                Shares::Guessed(bounds, rows, size) => {
                    let Some(guesses) = meeting.guesses.poll(context, all) else { return Ok(None) };
                    let guesses: Option<Vec<_>> = guesses.into_iter().collect();
                    if !guesses.is_some_and(|guesses| is_even(&sums(guesses.iter()), context.subtasks)) {
                        return Ok(Some(Shared::No(*size)));
                    }
                    let spread = sorter.buffer.by_buckets().ok_or_else(none_shared)?.share(bounds, *rows)?;
                    let (counts, holder) = (spread.rows().collect(), sorter.memory.revoke_handle());
                    meeting.given.send(context, Given { counts, rows: Arc::new(Mutex::new(spread)), holder });
                    *self = Shares::Given;
                }
                Shares::Given => {
                    let Some(given) = meeting.given.poll(context, all) else { return Ok(None) };
                    let sums = sums(given.iter().map(|given| &given.counts));
                    let own = range(&sums, context.subtasks, context.subtask);
                    let take =
                        |given: &Given| given.rows.lock().unwrap_or_else(PoisonError::into_inner).take(own.clone());
                    sorter.take_shared(given.iter().map(take).collect())?;
                    return Ok(Some(Shared::Yes(given.into_iter().filter_map(|given| given.holder).collect())));
                }
            }
        }
    }
}

/// The values of all tasks. `None` if one is missing.
fn all<V: Clone>(said: &[Option<V>]) -> Option<Vec<V>> {
    said.iter().cloned().collect()
}

/// The bounds of all tasks' keys, and the total number of rows.
fn joined(offers: Vec<Offer>) -> Rows {
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
fn range(rows: &[usize], tasks: usize, task: usize) -> Range<usize> {
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
    let of_task = |task| rows[range(rows, tasks, task)].iter().sum::<usize>();
    (0..tasks).map(of_task).max().unwrap_or(0) as f64 <= MOST_UNEVEN * total as f64 / tasks as f64
}
