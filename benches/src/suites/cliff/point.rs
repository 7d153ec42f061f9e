//! A point of a curve: what was measured at one limit of memory.

use serde::Serialize;

/// Limits go from twice the data's size down to 1/32 of it, two steps for each halving.
const LIMITS: i32 = 13;

/// What a system takes with a limit, or without one where it takes none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Point {
    pub(super) case: &'static str,
    pub(super) system: &'static str,
    /// The limit by the data's size.
    pub(super) memory_share: Option<f64>,
    pub(super) memory_mib: Option<u64>,
    /// Of the quickest run, unless one failed.
    pub(super) seconds: Option<f64>,
    pub(super) runs: usize,
    /// How far cores were from each other in that run, at its beginning or its end.
    pub(super) core_nanos: Option<f64>,
    /// The largest of the runs.
    pub(super) peak_rss_mib: Option<u64>,
    /// What the process of that run wrote to files: what it spilled.
    pub(super) written_mib: u64,
    /// What the disk takes to write as much and to read it again.
    pub(super) disk_seconds: Option<f64>,
    pub(super) failure: Option<String>,
    #[serde(skip)]
    pub(super) answers: Vec<String>,
}

#[cfg(test)]
impl Point {
    /// One that was answered, of a sort.
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

/// Limits by the data's size, from the largest.
pub(super) fn shares() -> impl Iterator<Item = f64> {
    (0..LIMITS).map(|step| 2_f64.powf(1.0 - f64::from(step) / 2.0))
}
