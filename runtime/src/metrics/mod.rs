//! Counters of running operators: relaxed atomics, read by progress and EXPLAIN.

mod reading;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use reading::{Metrics, MetricsOfOperator, MetricsOfSnapshots};

use crate::value::Timestamp;

/// One operator's counters in one of its tasks.
#[derive(Debug, Default)]
pub struct OperatorMetrics {
    /// Records that came in.
    pub rows_in: Counter,
    /// Records that went out.
    pub rows_out: Counter,
    /// Bytes of pages that went out, or that a source read.
    pub bytes: Counter,
    /// Time spent in it.
    pub busy_nanos: Counter,
    /// The most memory that it held, set when the task ends.
    pub memory_bytes: Counter,
    /// Bytes of pages that went to disk because memory did not hold them.
    pub spilled_bytes: Counter,
    /// Sorted runs, or parts of tables, that did.
    pub spilled_parts: Counter,
    /// The most often that any of its rows were read again from disk.
    pub passes: Counter,
    /// Records that arrived after their window had ended, and were left out.
    pub late_rows: Counter,
    /// Of a join: records of its probe side that its runtime filter removed before they were sent.
    pub filtered_rows: Counter,
    /// Of a source: splits that were not read, since a join's runtime filter excludes them.
    pub skipped_splits: Counter,
    /// Of a source: tasks that stopped before its end, since all their readers had stopped.
    pub stopped_tasks: Counter,
    /// Of a join: tasks that built the other side than the plan states, since that was smaller.
    pub reversals: Counter,
    /// Its watermark.
    pub event_time: EventTime,
    /// Where a loop begins: the rounds that have begun.
    pub rounds: Counter,
    /// The records of the last of them, in all tasks.
    pub round_rows: Gauge,
}

/// An operator's counts, in one task or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperatorCounts {
    /// Records that came in.
    pub rows_in: u64,
    /// Records that went out.
    pub rows_out: u64,
    /// Bytes of pages that went out, or that a source read.
    pub bytes: u64,
    /// Time spent in it, summed over tasks.
    pub busy_nanos: u64,
    /// The most memory that each task held, summed over tasks.
    pub memory_bytes: u64,
    /// Bytes of pages that went to disk because memory did not hold them.
    pub spilled_bytes: u64,
    /// Sorted runs, or parts of tables, that did.
    pub spilled_parts: u64,
    /// The most often that any of its rows were read again from disk, in any task.
    pub passes: u64,
    /// Records that arrived after their window had ended, and were left out.
    pub late_rows: u64,
    /// Of a join: records of its probe side that its runtime filter removed before they were sent.
    pub filtered_rows: u64,
    /// Of a source: splits that were not read, since a join's runtime filter excludes them.
    pub skipped_splits: u64,
    /// Of a source: tasks that stopped before its end, since all their readers had stopped.
    pub stopped_tasks: u64,
    /// Of a join: tasks that built the other side than the plan states, since that was smaller.
    pub reversals: u64,
    /// The greatest watermark of its tasks.
    pub event_time: Option<Timestamp>,
    /// Where a loop begins: the rounds that have begun. EXPLAIN shows them of all operators in the
    /// loop.
    pub rounds: u64,
    /// The records of the last of them.
    pub round_rows: u64,
}

impl OperatorCounts {
    /// The counters of some tasks, as they stand.
    pub fn of<'m>(tasks: impl IntoIterator<Item = &'m OperatorMetrics>) -> Self {
        let (mut all, event_time) = (OperatorCounts::default(), EventTime::default());
        for task in tasks {
            all.rows_in += task.rows_in.get();
            all.rows_out += task.rows_out.get();
            all.bytes += task.bytes.get();
            all.busy_nanos += task.busy_nanos.get();
            all.memory_bytes += task.memory_bytes.get();
            all.spilled_bytes += task.spilled_bytes.get();
            all.spilled_parts += task.spilled_parts.get();
            all.passes = all.passes.max(task.passes.get());
            all.late_rows += task.late_rows.get();
            all.filtered_rows += task.filtered_rows.get();
            all.skipped_splits += task.skipped_splits.get();
            all.stopped_tasks += task.stopped_tasks.get();
            all.reversals += task.reversals.get();
            event_time.raise(task.event_time.0.load(Ordering::Relaxed));
            // Each task counts the rounds of all tasks.
            if task.rounds.get() > all.rounds {
                (all.rounds, all.round_rows) = (task.rounds.get(), task.round_rows.get());
            }
        }
        OperatorCounts { event_time: event_time.get(), ..all }
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Sets the number.
    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }

    /// The number now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A watermark, which never falls.
#[derive(Debug)]
pub struct EventTime(AtomicI64);

impl Default for EventTime {
    fn default() -> Self {
        EventTime(AtomicI64::new(i64::MIN))
    }
}

impl EventTime {
    /// Raises it to microseconds since 1970. The greatest number means that all time has passed.
    pub fn raise(&self, micros: i64) {
        self.0.fetch_max(micros, Ordering::Relaxed);
    }

    /// The watermark; `None` if there is none yet, or if all time has passed.
    #[must_use]
    pub fn get(&self) -> Option<Timestamp> {
        match self.0.load(Ordering::Relaxed) {
            i64::MIN | i64::MAX => None,
            micros => Some(Timestamp::from_micros(micros)),
        }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Raises the number to at least this.
    pub fn raise(&self, least: u64) {
        self.0.fetch_max(least, Ordering::Relaxed);
    }

    /// The number now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A job's counters.
#[derive(Debug, Default)]
pub struct JobMetrics {
    /// By operator, in the plan's order, and by task.
    pub operators: Vec<Vec<Arc<OperatorMetrics>>>,
    /// From the start of the job to its end.
    pub elapsed_nanos: Counter,
    /// Bytes of all sources, for progress. Of logs that are followed, the bytes found so far.
    pub source_total_bytes: Counter,
    /// Bytes of sources read so far.
    pub source_bytes: Counter,
    /// Records read so far.
    pub source_rows: Counter,
    /// The snapshots that were taken.
    pub snapshots: SnapshotMetrics,
    /// Rows that runtime filters removed, by the input that would have received them: its operator
    /// and number.
    removed_rows: Mutex<BTreeMap<(usize, usize), Arc<Counter>>>,
}

/// Counts of a job's snapshots.
#[derive(Debug, Default)]
pub struct SnapshotMetrics {
    /// Complete snapshots.
    pub completed: Counter,
    /// Bytes of state that were written for them.
    pub bytes: Counter,
    /// The number of the last complete one.
    pub last_epoch: Gauge,
    /// Bytes of state that it holds.
    pub last_bytes: Gauge,
    /// From its barrier to its commit.
    pub last_nanos: Gauge,
    /// The same of the one that took longest.
    pub longest_nanos: Counter,
    /// The same of all, summed.
    pub total_nanos: Counter,
}

impl SnapshotMetrics {
    /// Counts a complete snapshot: its number, its bytes of state, and the time since its barrier.
    pub(crate) fn complete(&self, epoch: u64, bytes: u64, nanos: u64) {
        self.completed.add(1);
        self.last_epoch.set(epoch);
        self.last_bytes.set(bytes);
        self.bytes.add(bytes);
        self.last_nanos.set(nanos);
        self.longest_nanos.raise(nanos);
        self.total_nanos.add(nanos);
    }
}

impl JobMetrics {
    /// Counters of operators; `tasks` has the number of tasks of each.
    #[must_use]
    pub fn new(tasks: impl IntoIterator<Item = usize>) -> Self {
        let of_operator = |tasks| (0..tasks).map(|_| Arc::default()).collect();
        JobMetrics { operators: tasks.into_iter().map(of_operator).collect(), ..Self::default() }
    }

    /// The counts of each operator over all of its tasks, in the plan's order.
    pub fn counts(&self) -> impl Iterator<Item = OperatorCounts> {
        self.operators.iter().map(|tasks| OperatorCounts::of(tasks.iter().map(|task| &**task)))
    }

    /// The counter of the rows that runtime filters remove on the way to an operator's input.
    pub(crate) fn removed_rows_of(&self, input: (usize, usize)) -> Arc<Counter> {
        let mut removed = self.removed_rows.lock().unwrap_or_else(PoisonError::into_inner);
        removed.entry(input).or_default().clone()
    }

    /// The rows that runtime filters removed on the way to an operator's input.
    #[must_use]
    pub fn removed_rows(&self, operator: usize, input: usize) -> u64 {
        let removed = self.removed_rows.lock().unwrap_or_else(PoisonError::into_inner);
        removed.get(&(operator, input)).map_or(0, |counter| counter.get())
    }

    /// Bytes of sources that are still to be read.
    #[must_use]
    pub fn bytes_to_read(&self) -> u64 {
        self.source_total_bytes.get().saturating_sub(self.source_bytes.get())
    }

    /// The least watermark of all operators.
    #[must_use]
    pub fn event_time(&self) -> Option<Timestamp> {
        self.counts().filter_map(|operator| operator.event_time).min()
    }

    /// Records that arrived after their window had ended.
    #[must_use]
    pub fn late_rows(&self) -> u64 {
        self.counts().map(|operator| operator.late_rows).sum()
    }
}
