//! Counters as they stood at one moment, for programs.

use std::sync::Arc;
use std::time::Duration;

use super::{JobMetrics, SnapshotMetrics};
use crate::error::Origin;
use crate::value::Timestamp;

/// What a job has done so far. The numbers are read one after the other while tasks count on, so they need not be of the same moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Records that sources gave.
    pub source_rows: u64,
    /// Bytes that sources read.
    pub source_bytes: u64,
    /// Bytes that sources have; of logs that are followed, what was found in them so far.
    pub source_total_bytes: u64,
    bytes_to_read: u64,
    /// How far event time is: windows that end before it have been given. It is that of the operator that is furthest behind; nothing where no records have one,
    /// or all of them are through.
    pub event_time: Option<Timestamp>,
    /// The operators, inputs before consumers.
    pub operators: Vec<MetricsOfOperator>,
    /// Its snapshots.
    pub snapshots: MetricsOfSnapshots,
}

/// What a job's snapshots have taken so far; the last one is that of the job's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsOfSnapshots {
    /// How many this run has completed.
    pub completed: u64,
    /// The number of the last of them; 0 before the first.
    pub last_epoch: u64,
    /// Bytes of state that it holds.
    pub last_bytes: u64,
    /// Bytes of state that were written for all.
    pub bytes: u64,
    /// From the barrier of the last complete one to its commit.
    pub last: Duration,
    /// The same of the one that took longest.
    pub longest: Duration,
    /// The same of all, summed.
    pub total: Duration,
}

/// What an operator has done so far, in all of its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsOfOperator {
    /// Its name: the binding, or the operator's own word.
    pub name: Arc<str>,
    /// Records that came in.
    pub rows_in: u64,
    /// Records that went out.
    pub rows_out: u64,
    /// Bytes that went to disk because memory did not hold them.
    pub spilled_bytes: u64,
    /// Where a loop begins: the rounds that have begun.
    pub rounds: u64,
    /// Records that came when their window had ended, and were left out.
    pub late_rows: u64,
    /// How far event time is here, behind an event time.
    pub event_time: Option<Timestamp>,
}

impl Metrics {
    /// Reads a job's counters; the origins are those of its operators.
    pub(crate) fn of(metrics: &JobMetrics, origins: &[Origin]) -> Self {
        let operators = origins.iter().zip(metrics.counts()).map(|(origin, counters)| MetricsOfOperator {
            name: origin.name.clone(),
            rows_in: counters.rows_in,
            rows_out: counters.rows_out,
            spilled_bytes: counters.spilled_bytes,
            rounds: counters.rounds,
            late_rows: counters.late_rows,
            event_time: counters.event_time,
        });
        Metrics {
            source_rows: metrics.source_rows.get(),
            source_bytes: metrics.source_bytes.get(),
            source_total_bytes: metrics.source_total_bytes.get(),
            bytes_to_read: metrics.bytes_to_read(),
            event_time: metrics.event_time(),
            operators: operators.collect(),
            snapshots: MetricsOfSnapshots::of(&metrics.snapshots),
        }
    }

    /// The first operator of this name.
    #[must_use]
    pub fn operator(&self, name: &str) -> Option<&MetricsOfOperator> {
        self.operators.iter().find(|operator| &*operator.name == name)
    }

    /// Bytes of sources that are still to be read: of a log that is followed, how far its reader is behind its writers.
    #[must_use]
    pub fn bytes_to_read(&self) -> u64 {
        self.bytes_to_read
    }

    /// Bytes of all operators that went to disk because memory did not hold them.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.operators.iter().map(|operator| operator.spilled_bytes).sum()
    }
}

impl MetricsOfSnapshots {
    fn of(counters: &SnapshotMetrics) -> Self {
        MetricsOfSnapshots {
            completed: counters.completed.get(),
            last_epoch: counters.last_epoch.get(),
            last_bytes: counters.last_bytes.get(),
            bytes: counters.bytes.get(),
            last: Duration::from_nanos(counters.last_nanos.get()),
            longest: Duration::from_nanos(counters.longest_nanos.get()),
            total: Duration::from_nanos(counters.total_nanos.get()),
        }
    }
}
