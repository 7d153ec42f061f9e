//! A point of a curve: the measurements at one memory limit.

use serde::Serialize;

/// Number of limits. They go from twice the data's size down to 1/32 of it, two steps for each
/// halving.
const LIMITS: i32 = 13;

/// The measurements of a system at a limit, or without a limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Point {
    pub(super) case: &'static str,
    pub(super) system: &'static str,
    /// The limit relative to the data's size.
    pub(super) memory_share: Option<f64>,
    pub(super) memory_mib: Option<u64>,
    /// Time of the fastest run. `None` if a run failed.
    pub(super) seconds: Option<f64>,
    pub(super) runs: usize,
    /// Distance of the cores at the start or end of that run.
    pub(super) core_nanos: Option<f64>,
    /// The largest peak of all runs.
    pub(super) peak_rss_mib: Option<u64>,
    /// MiB that the process of that run wrote to files, which is the spilled data.
    pub(super) written_mib: u64,
    /// The disk's time to write and read this amount.
    pub(super) disk_seconds: Option<f64>,
    pub(super) failure: Option<String>,
    #[serde(skip)]
    pub(super) answers: Vec<String>,
}

#[cfg(test)]
impl Point {
    /// An answered sort.
    pub(super) fn answered(system: &'static str, memory_share: Option<f64>, seconds: f64) -> Self {
        Self {
            case: "sort",
            system,
            memory_share,
            memory_mib: memory_share.map(|share| (share * 64.0) as u64),
            seconds: Some(seconds),
            runs: 1,
            core_nanos: Some(60.0),
            peak_rss_mib: Some(80),
            written_mib: 12,
            disk_seconds: Some(seconds / 2.0),
            failure: None,
            answers: Vec::new(),
        }
    }
}

/// The limits relative to the data's size, in descending order.
pub(super) fn shares() -> impl Iterator<Item = f64> {
    (0..LIMITS).map(|step| 2_f64.powf(1.0 - f64::from(step) / 2.0))
}
