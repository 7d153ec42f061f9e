//! The times of a suite as multiples of ours.

use crate::harness::{Report, Row};

/// The peers of a suite compared with our engine.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    /// The title of the suite for readers.
    pub(super) title: &'static str,
    /// Every peer that answered.
    pub(super) peers: Vec<Peer>,
}

/// A peer's times relative to ours, over the cases that both answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Peer {
    pub(super) system: String,
    /// The geometric mean. Above 1 if the peer is slower.
    pub(super) mean: f64,
    pub(super) least: f64,
    pub(super) greatest: f64,
    /// Number of cases.
    pub(super) cases: usize,
}

impl Comparison {
    pub(super) fn of(title: &'static str, report: &Report, counts: fn(&str) -> bool) -> Self {
        let mut systems: Vec<&str> = report.rows.iter().map(|row| row.system.as_str()).collect();
        systems.retain(|system| !matches!(*system, "ours" | "limit"));
        systems.sort_unstable();
        systems.dedup();
        let ours: Vec<&Row> = report.rows.iter().filter(|row| row.system == "ours" && counts(&row.case)).collect();
        let peer = |system: &str| {
            let of = |ours: &&Row| {
                let row = report.rows.iter().find(|row| row.case == ours.case && row.system == system)?;
                Some(row.seconds / ours.seconds)
            };
            Peer::of(system, &ours.iter().filter_map(of).collect::<Vec<f64>>())
        };
        Self { title, peers: systems.into_iter().filter_map(peer).collect() }
    }
}

impl Peer {
    fn of(system: &str, ratios: &[f64]) -> Option<Self> {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        Some(Self {
            system: system.to_owned(),
            mean,
            least: ratios.iter().copied().reduce(f64::min)?,
            greatest: ratios.iter().copied().reduce(f64::max)?,
            cases: ratios.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ratios_cover_the_cases_that_both_answered() {
        let row = |case: &str, system: &str, seconds: f64| json!({"case": case, "system": system, "seconds": seconds, "min_seconds": seconds, "max_seconds": seconds, "runs": 5});
        let rows = [
            row("q1", "ours", 1.0),
            row("q1", "duckdb", 2.0),
            row("q1", "limit", 0.5),
            row("q2", "ours", 2.0),
            row("q2", "duckdb", 1.0),
            row("q3", "duckdb", 9.0),
            row("q2_nulls", "ours", 1.0),
            row("q2_nulls", "duckdb", 9.0),
        ];
        let report = json!({
            "suite": "h2o", "commit": "", "date": "", "processor": "", "cores": 2, "memory_gib": 1, "versions": {}, "rows": rows, "checks": []
        });
        let report = serde_json::from_value(report).unwrap();
        let Comparison { peers, .. } = Comparison::of("", &report, |case| !case.contains('_'));
        let duckdb = Peer { system: "duckdb".to_owned(), mean: 1.0, least: 0.5, greatest: 2.0, cases: 2 };
        assert_eq!(peers, [duckdb]);
    }
}
