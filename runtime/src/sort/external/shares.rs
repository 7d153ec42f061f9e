//! Rows of several tasks in buckets of one order, each of which one task sorts.
//!
//! The tasks tell each other what bounds their keys, then how their rows would lie in buckets between these bounds, and then give each other the rows. That
//! is done where all tasks have all their rows in memory, and no task would have to sort many more rows than others.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::RevokeHandle;
use crate::rendezvous::LocalRendezvous;
use crate::sort::external::merging::MergeSize;
use crate::sort::external::sorter::{Sorter, none_shared};
use crate::sort::small_rows::{KeyBounds, SpreadRows};

/// A task may have so many times its share of the rows, by a guess.
const MOST_UNEVEN: f64 = 1.3;

/// The bounds of a task's keys, and how many rows it has, where all of them are in memory and can be shared.
type Rows = Option<(KeyBounds, usize)>;

/// What a task says when all its rows have come.
#[derive(Clone)]
struct Offer {
    rows: Rows,
    /// What it adds to a merge.
    size: MergeSize,
}

/// What a task gives the others.
#[derive(Clone)]
struct Given {
    /// How many rows it has in each bucket.
    counts: Vec<usize>,
    rows: Arc<Mutex<SpreadRows>>,
    /// Its rows are among those that others hold, so whoever gives memory back asks it to do the same.
    holder: Option<RevokeHandle>,
}

/// Where the tasks meet: three times.
pub(crate) struct SharesMeeting {
    offers: LocalRendezvous<Offer>,
    /// Nothing from a task that had to write its rows meanwhile.
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

/// How far a task has come.
pub(crate) enum Shares {
    /// Until all have, its rows may still go to disk.
    Offered,
    Guessed(KeyBounds, usize, MergeSize),
    Given,
}

/// What has come of it.
pub(crate) enum Shared {
    /// Each task keeps its rows; all of them together are a merge of this size.
    No(MergeSize),
    /// The buffer has the rows that are this task's, in memory that these hold.
    Yes(Box<[RevokeHandle]>),
}

impl Shares {
    /// Begins: says what this task has.
    pub(crate) fn offer(sorter: &mut Sorter, meeting: &SharesMeeting, context: &TaskContext) -> Self {
        meeting.offers.send(context, Offer { size: sorter.merge_size(), rows: sorter.offer() });
        Shares::Offered
    }

    /// Goes on: whether rows are shared, once that is settled.
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

/// What all tasks have said.
fn all<V: Clone>(said: &[Option<V>]) -> Option<Vec<V>> {
    said.iter().cloned().collect()
}

/// The bounds of all tasks' keys, and how many rows there are.
fn joined(offers: Vec<Offer>) -> Rows {
    offers.into_iter().map(|offer| offer.rows).reduce(|all, one| {
        let ((mut bounds, rows), (others, more)) = (all?, one?);
        bounds.join(&others);
        Some((bounds, rows + more))
    })?
}

/// How many rows of all tasks are in each bucket.
fn sums<'r>(tasks: impl Iterator<Item = &'r Vec<usize>>) -> Vec<usize> {
    let mut sums = Vec::new();
    for rows in tasks {
        sums.resize(rows.len().max(sums.len()), 0);
        sums.iter_mut().zip(rows).for_each(|(sum, rows)| *sum += rows);
    }
    sums
}

/// The buckets of a task: ranges of about the same number of rows, which follow each other as the tasks do.
fn range(rows: &[usize], tasks: usize, task: usize) -> Range<usize> {
    let total = rows.iter().sum::<usize>().max(1);
    let begin = |task: usize| {
        let mut before = 0;
        // A bucket is the task's in whose share its middle lies.
        let mut is_earlier = |&rows: &usize| {
            let twice_middle = 2 * before + rows;
            before += rows;
            twice_middle * tasks < 2 * task * total
        };
        rows.iter().position(|rows| !is_earlier(rows)).unwrap_or(rows.len())
    };
    begin(task)..if task + 1 == tasks { rows.len() } else { begin(task + 1) }
}

/// Whether no task would have many more rows than others.
fn is_even(rows: &[usize], tasks: usize) -> bool {
    let total: usize = rows.iter().sum();
    let of_task = |task| rows[range(rows, tasks, task)].iter().sum::<usize>();
    (0..tasks).map(of_task).max().unwrap_or(0) as f64 <= MOST_UNEVEN * total as f64 / tasks as f64
}
