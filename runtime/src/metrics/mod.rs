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
    /// Records received.
    pub rows_in: Counter,
    /// Records emitted.
    pub rows_out: Counter,
    /// Bytes of pages sent, or bytes read by a source.
    pub bytes: Counter,
    /// Working time.
    pub busy_nanos: Counter,
    /// Peak memory, set when the task ends.
    pub memory_bytes: Counter,
    /// Bytes of pages spilled to disk.
    pub spilled_bytes: Counter,
    /// Sorted runs, or parts of tables, that were spilled.
    pub spilled_parts: Counter,
    /// The most times that a row was read back from disk.
    pub passes: Counter,
    /// Records that arrived after their window had ended, and were left out.
    pub late_rows: Counter,
    /// For a join: records of its probe side that its runtime filter removed before they were sent.
    pub filtered_rows: Counter,
    /// For a source: splits that were not read, since a join's runtime filter excludes them.
    pub skipped_splits: Counter,
    /// For a source: tasks that stopped before its end, since all their receivers had stopped.
    pub stopped_tasks: Counter,
    /// For a join: tasks that built the planned probe side, since it was smaller.
    pub reversals: Counter,
    /// The watermark.
    pub event_time: EventTime,
    /// For the begin of a loop: the rounds that have begun.
    pub rounds: Counter,
    /// The records of the last round, in all tasks.
    pub round_rows: Gauge,
}

/// An operator's counts, in one task or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperatorCounts {
    /// Records received.
    pub rows_in: u64,
    /// Records emitted.
    pub rows_out: u64,
    /// Bytes of pages sent, or bytes read by a source.
    pub bytes: u64,
    /// Working time, summed over tasks.
    pub busy_nanos: u64,
    /// Peak memory of each task, summed over tasks.
    pub memory_bytes: u64,
    /// Bytes of pages spilled to disk.
    pub spilled_bytes: u64,
    /// Sorted runs, or parts of tables, that were spilled.
    pub spilled_parts: u64,
    /// The most times that a row was read back from disk, in any task.
    pub passes: u64,
    /// Records that arrived after their window had ended, and were left out.
    pub late_rows: u64,
    /// For a join: records of its probe side that its runtime filter removed before they were sent.
    pub filtered_rows: u64,
    /// For a source: splits that were not read, since a join's runtime filter excludes them.
    pub skipped_splits: u64,
    /// For a source: tasks that stopped before its end, since all their receivers had stopped.
    pub stopped_tasks: u64,
    /// For a join: tasks that built the planned probe side, since it was smaller.
    pub reversals: u64,
    /// The greatest watermark of the tasks.
    pub event_time: Option<Timestamp>,
    /// For the begin of a loop: the rounds that have begun. EXPLAIN shows them for all operators of
    /// the loop.
    pub rounds: u64,
    /// The records of the last round.
    pub round_rows: u64,
}

impl OperatorCounts {
    /// The sum of the tasks' counters at this moment.
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

/// A number that may rise and fall.
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
    /// Raises the watermark, in microseconds since 1970. `i64::MAX` means that all time has passed.
    pub fn raise(&self, micros: i64) {
        self.0.fetch_max(micros, Ordering::Relaxed);
    }

    /// The watermark. `None` if there is none yet, or if all time has passed.
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
    /// Adds to the number.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Raises the number to `least`, if it is lower.
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
    /// The counters by operator, in the plan's order, and by task.
    pub operators: Vec<Vec<Arc<OperatorMetrics>>>,
    /// The time from the start of the job to its end.
    pub elapsed_nanos: Counter,
    /// Bytes of all sources, for progress. For endless sources, the bytes found so far.
    pub source_total_bytes: Counter,
    /// Bytes of sources read so far.
    pub source_bytes: Counter,
    /// Records read so far.
    pub source_rows: Counter,
    /// The counters of snapshots.
    pub snapshots: SnapshotMetrics,
    /// Rows that runtime filters removed before an input, by the operator and the number of the
    /// input.
    removed_rows: Mutex<BTreeMap<(usize, usize), Arc<Counter>>>,
}

/// Counters of a job's snapshots.
#[derive(Debug, Default)]
pub struct SnapshotMetrics {
    /// Complete snapshots.
    pub completed: Counter,
    /// Bytes of state in all complete snapshots.
    pub bytes: Counter,
    /// The epoch of the last complete snapshot.
    pub last_epoch: Gauge,
    /// Bytes of state in the last complete snapshot.
    pub last_bytes: Gauge,
    /// The time from the barrier to the commit, of the last complete snapshot.
    pub last_nanos: Gauge,
    /// The same time of the slowest snapshot.
    pub longest_nanos: Counter,
    /// The sum of these times.
    pub total_nanos: Counter,
}

impl SnapshotMetrics {
    /// Counts a complete snapshot. `nanos` is the time since its barrier.
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
    /// Creates the counters of a job. `tasks` has the number of tasks of each operator.
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

    /// Bytes of sources that were not read yet.
    #[must_use]
    pub fn bytes_to_read(&self) -> u64 {
        self.source_total_bytes.get().saturating_sub(self.source_bytes.get())
    }

    /// The lowest watermark of all operators. `None` if no operator has one.
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
