//! Counters as they stood at one moment, for programs.

use std::sync::Arc;
use std::time::Duration;

use super::{JobMetrics, SnapshotMetrics};
use crate::error::Origin;

/// What a job has done so far. The numbers are read one after the other while tasks count on, so they need not be of the same moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Records that sources gave.
    pub source_rows: u64,
    /// Bytes that sources read.
    pub source_bytes: u64,
    /// The operators, inputs before consumers.
    pub operators: Vec<MetricsOfOperator>,
    /// Its snapshots.
    pub snapshots: MetricsOfSnapshots,
}

/// What a job's snapshots have taken so far; the last one is that of the job's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsOfSnapshots {
    /// How many are complete.
    pub completed: u64,
    /// Bytes of state that were written for them.
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
}

impl Metrics {
    /// Reads a job's counters; the origins are those of its operators.
    pub(crate) fn of(metrics: &JobMetrics, origins: &[Origin]) -> Self {
        let operators = origins.iter().zip(&metrics.operators).map(|(origin, counters)| MetricsOfOperator {
            name: origin.name.clone(),
            rows_in: counters.rows_in.get(),
            rows_out: counters.rows_out.get(),
            spilled_bytes: counters.spilled_bytes.get(),
            rounds: counters.rounds.get(),
            late_rows: counters.late_rows.get(),
        });
        Metrics {
            source_rows: metrics.source_rows.get(),
            source_bytes: metrics.source_bytes.get(),
            operators: operators.collect(),
            snapshots: MetricsOfSnapshots::of(&metrics.snapshots),
        }
    }

    /// The first operator of this name.
    #[must_use]
    pub fn operator(&self, name: &str) -> Option<&MetricsOfOperator> {
        self.operators.iter().find(|operator| &*operator.name == name)
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
            bytes: counters.bytes.get(),
            last: Duration::from_nanos(counters.last_nanos.get()),
            longest: Duration::from_nanos(counters.longest_nanos.get()),
            total: Duration::from_nanos(counters.total_nanos.get()),
        }
    }
}
