//! What operators count while they run: relaxed atomics, read by progress and EXPLAIN.

mod reading;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub use reading::{Metrics, MetricsOfOperator, MetricsOfSnapshots};

use crate::value::Timestamp;

/// One operator's counters, over all its tasks.
#[derive(Debug, Default)]
pub struct OperatorMetrics {
    /// Records that came in.
    pub rows_in: Counter,
    /// Records that went out.
    pub rows_out: Counter,
    /// Bytes of pages that went out, or that a source read.
    pub bytes: Counter,
    /// Time spent in it, summed over tasks.
    pub busy_nanos: Counter,
    /// The most memory that it held, summed over tasks when they end.
    pub memory_bytes: Counter,
    /// Bytes of pages that went to disk because memory did not hold them.
    pub spilled_bytes: Counter,
    /// Sorted runs, or parts of tables, that did.
    pub spilled_parts: Counter,
    /// How often the most spilled of its rows were read again.
    pub passes: Counter,
    /// Records that came when their window had ended, and were left out.
    pub late_rows: Counter,
    /// How far event time is, in the task that is furthest: what all tasks before it have said where rows come from several, as they do to windows.
    pub event_time: EventTime,
    /// Where a loop begins: the rounds that have begun.
    pub rounds: Counter,
    /// The records of the last of them.
    pub round_rows: Gauge,
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
    /// By operator, in the plan's order.
    pub operators: Vec<Arc<OperatorMetrics>>,
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
    /// Counters for so many operators.
    #[must_use]
    pub fn new(operators: usize) -> Self {
        JobMetrics { operators: (0..operators).map(|_| Arc::default()).collect(), ..Self::default() }
    }

    /// Bytes of sources that are still to be read.
    #[must_use]
    pub fn bytes_to_read(&self) -> u64 {
        self.source_total_bytes.get().saturating_sub(self.source_bytes.get())
    }

    /// How far event time is: as far as the operator that is furthest behind.
    #[must_use]
    pub fn event_time(&self) -> Option<Timestamp> {
        self.operators.iter().filter_map(|operator| operator.event_time.get()).min()
    }

    /// Records that came when their window had ended.
    #[must_use]
    pub fn late_rows(&self) -> u64 {
        self.operators.iter().map(|operator| operator.late_rows.get()).sum()
    }
}
