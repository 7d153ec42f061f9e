//! Statistics of repeated runs.

use serde::Serialize;

/// Median, minimum and maximum of timings in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// Half of the runs took at most this time.
    pub(crate) median: f64,
    /// The fastest run.
    pub(crate) min: f64,
    /// The slowest run.
    pub(crate) max: f64,
}

impl Spread {
    /// The spread of timings. `None` without a timing.
    pub(crate) fn of(seconds: &[f64]) -> Option<Self> {
        let mut sorted = seconds.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { median: (below + above) / 2.0, min, max })
    }

    /// The median of timings. Infinite without timings, as for a run that was ended early.
    pub(crate) fn median_of(seconds: &[f64]) -> f64 {
        Self::of(seconds).map_or(f64::INFINITY, |spread| spread.median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 3.0]), Some(Spread { median: 2.5, min: 1.0, max: 4.0 }));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn one_slow_run_changes_only_the_maximum() {
        let spread = Spread::of(&[1.0, 1.1, 90.0, 1.2, 1.05]).unwrap();
        assert_eq!(spread, Spread { median: 1.1, min: 1.0, max: 90.0 });
    }
}
