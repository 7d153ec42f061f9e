//! The counters of a job at one moment, for programs.

use std::sync::Arc;
use std::time::Duration;

use super::{JobMetrics, SnapshotMetrics};
use crate::error::Origin;
use crate::value::Timestamp;

/// The metrics of a job so far. Tasks continue to count while the numbers are read one by one, so
/// they may be of slightly different moments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Records read from sources.
    pub source_rows: u64,
    /// Bytes read from sources.
    pub source_bytes: u64,
    /// Bytes of all sources. For endless sources, the bytes found so far.
    pub source_total_bytes: u64,
    bytes_to_read: u64,
    /// The lowest watermark of all operators: windows that end before it have been emitted. `None`
    /// if there are no event times, or after the last record.
    pub event_time: Option<Timestamp>,
    /// The operators, inputs before consumers.
    pub operators: Vec<MetricsOfOperator>,
    /// The snapshots.
    pub snapshots: MetricsOfSnapshots,
}

/// The metrics of a job's snapshots so far, including the final one at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsOfSnapshots {
    /// Snapshots completed by this run.
    pub completed: u64,
    /// The epoch of the last complete snapshot, 0 before the first.
    pub last_epoch: u64,
    /// Bytes of state in the last complete snapshot.
    pub last_bytes: u64,
    /// Bytes of state in all complete snapshots.
    pub bytes: u64,
    /// The time from the barrier to the commit, of the last complete snapshot.
    pub last: Duration,
    /// The same time of the slowest snapshot.
    pub longest: Duration,
    /// The sum of these times.
    pub total: Duration,
}

/// The metrics of an operator so far, over all its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsOfOperator {
    /// The name of the variable that the program binds, or of the operator.
    pub name: Arc<str>,
    /// Records received.
    pub rows_in: u64,
    /// Records emitted.
    pub rows_out: u64,
    /// Bytes spilled to disk.
    pub spilled_bytes: u64,
    /// For the begin of a loop: the rounds that have begun.
    pub rounds: u64,
    /// Records that arrived after their window had ended, and were left out.
    pub late_rows: u64,
    /// The watermark, after `event_time` in the flow. `None` elsewhere.
    pub event_time: Option<Timestamp>,
}

impl Metrics {
    /// Reads the counters of a job. `origins` are those of its operators.
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

    /// The first operator with this name.
    #[must_use]
    pub fn operator(&self, name: &str) -> Option<&MetricsOfOperator> {
        self.operators.iter().find(|operator| &*operator.name == name)
    }

    /// Bytes of sources that were not read yet. For an endless source, its lag in bytes.
    #[must_use]
    pub fn bytes_to_read(&self) -> u64 {
        self.bytes_to_read
    }

    /// Bytes that all operators have spilled to disk.
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
