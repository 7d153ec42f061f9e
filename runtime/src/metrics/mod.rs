//! What operators count while they run: relaxed atomics, read by progress and EXPLAIN.

mod reading;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

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
    /// The most memory that it held, noted when the task ends.
    pub memory_bytes: Counter,
    /// Bytes of pages that went to disk because memory did not hold them.
    pub spilled_bytes: Counter,
    /// Sorted runs, or parts of tables, that did.
    pub spilled_parts: Counter,
    /// How often the most spilled of its rows were read again.
    pub passes: Counter,
    /// Records that came when their window had ended, and were left out.
    pub late_rows: Counter,
    /// Of a join: records of the side that looks for partners that its runtime filter has dropped before they were sent.
    pub filtered_rows: Counter,
    /// Of a source: splits that were not read, as a join's runtime filter excludes them.
    pub skipped_splits: Counter,
    /// Of a source: tasks that read it no further, as nobody wanted more.
    pub stopped_tasks: Counter,
    /// Of a join: tasks that built the other side than the plan says, as that was the smaller one.
    pub reversals: Counter,
    /// How far event time is: what all tasks before it have said where rows come from several, as they do to windows.
    pub event_time: EventTime,
    /// Where a loop begins: the rounds that have begun.
    pub rounds: Counter,
    /// The records of the last of them, in all tasks.
    pub round_rows: Gauge,
}

/// What an operator counted, in one task or in all.
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
    /// How often the most spilled of its rows were read again, in the task that read them most often.
    pub passes: u64,
    /// Records that came when their window had ended, and were left out.
    pub late_rows: u64,
    /// Of a join: records of the side that looks for partners that its runtime filter has dropped before they were sent.
    pub filtered_rows: u64,
    /// Of a source: splits that were not read, as a join's runtime filter excludes them.
    pub skipped_splits: u64,
    /// Of a source: tasks that read it no further, as nobody wanted more.
    pub stopped_tasks: u64,
    /// Of a join: tasks that built the other side than the plan says, as that was the smaller one.
    pub reversals: u64,
    /// How far event time is, in the task that is furthest.
    pub event_time: Option<Timestamp>,
    /// Where a loop begins: the rounds that have begun.
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
            // Each task knows how many there are in all, of the round that it is in.
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
    /// Is so much from now on.
    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }

    /// The number now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How far event time is. It goes on alone.
#[derive(Debug)]
pub struct EventTime(AtomicI64);

impl Default for EventTime {
    fn default() -> Self {
        EventTime(AtomicI64::new(i64::MIN))
    }
}

impl EventTime {
    /// Has come so far, in microseconds since 1970; all time has passed with the greatest number.
    pub fn raise(&self, micros: i64) {
        self.0.fetch_max(micros, Ordering::Relaxed);
    }

    /// How far it has come: nothing where that is not known yet, or all time has passed.
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

    /// Is at least so much from now on.
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
    /// By operator, in the plan's order, and task: each task counts for itself.
    pub operators: Vec<Vec<Arc<OperatorMetrics>>>,
    /// From the job's beginning to its end.
    pub elapsed_nanos: Counter,
    /// Bytes of all sources: what progress is measured against. Of logs that are followed, what was found in them so far.
    pub source_total_bytes: Counter,
    /// Bytes of sources read so far.
    pub source_bytes: Counter,
    /// Records read so far.
    pub source_rows: Counter,
    /// The snapshots that were taken.
    pub snapshots: SnapshotMetrics,
}

/// What is known of a job's snapshots.
#[derive(Debug, Default)]
pub struct SnapshotMetrics {
    /// How many are complete.
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
    /// That of this number is complete, with so many bytes of state, so long after its barrier.
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
    /// Counters for operators of so many tasks each.
    #[must_use]
    pub fn new(tasks: impl IntoIterator<Item = usize>) -> Self {
        let of_operator = |tasks| (0..tasks).map(|_| Arc::default()).collect();
        JobMetrics { operators: tasks.into_iter().map(of_operator).collect(), ..Self::default() }
    }

    /// What each operator has counted in all of its tasks, in the plan's order.
    pub fn counts(&self) -> impl Iterator<Item = OperatorCounts> {
        self.operators.iter().map(|tasks| OperatorCounts::of(tasks.iter().map(|task| &**task)))
    }

    /// Bytes of sources that are still to be read.
    #[must_use]
    pub fn bytes_to_read(&self) -> u64 {
        self.source_total_bytes.get().saturating_sub(self.source_bytes.get())
    }

    /// How far event time is: as far as the operator that is furthest behind.
    #[must_use]
    pub fn event_time(&self) -> Option<Timestamp> {
        self.counts().filter_map(|operator| operator.event_time).min()
    }

    /// Records that came when their window had ended.
    #[must_use]
    pub fn late_rows(&self) -> u64 {
        self.counts().map(|operator| operator.late_rows).sum()
    }
}
