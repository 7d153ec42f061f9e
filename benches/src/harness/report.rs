//! The results as a table on standard output and as `target/benches/<suite>.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Failure, Measurement, Provenance, Spread};
use crate::error::{Error, Result};

/// All results of a suite.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The suite's name.
    pub(crate) suite: String,
    /// The origin of the results.
    #[serde(flatten)]
    pub(crate) provenance: Provenance,
    /// One entry for each system and case.
    pub(crate) rows: Vec<Row>,
    /// Systems that failed in a case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<Failure>,
    /// The checked conditions.
    pub(crate) checks: Vec<Check>,
}

/// One system on one case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The case's name.
    pub(crate) case: String,
    /// The system's name.
    pub(crate) system: String,
    /// Median of the runs.
    pub(crate) seconds: f64,
    /// The fastest run.
    pub(crate) min_seconds: f64,
    /// The slowest run.
    pub(crate) max_seconds: f64,
    /// Number of runs.
    pub(crate) runs: usize,
    /// The peak memory of its process. Absent if several processes did the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peak_rss_mib: Option<u64>,
    /// Lines of LLVM IR per operator, for builds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) llvm_lines_per_operator: Option<f64>,
    /// Medians of the other figures that its worker reported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) figures: BTreeMap<String, f64>,
}

/// A condition and whether it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Check {
    /// The condition.
    pub(crate) name: String,
    /// `true` if it holds.
    pub(crate) ok: bool,
    /// The margin, or the places where it does not hold.
    pub(crate) detail: String,
}

impl Row {
    /// The row of a measurement.
    pub(crate) fn of(measurement: &Measurement) -> Self {
        let median = |(name, runs): (&String, &Vec<f64>)| Some((name.clone(), Spread::of(runs)?.median));
        Self {
            case: measurement.case.to_owned(),
            system: measurement.system.to_owned(),
            seconds: measurement.seconds.median,
            min_seconds: measurement.seconds.min,
            max_seconds: measurement.seconds.max,
            runs: measurement.runs,
            peak_rss_mib: Some(measurement.peak_rss_mib),
            llvm_lines_per_operator: None,
            figures: measurement.figures.iter().filter_map(median).collect(),
        }
    }
}

impl Report {
    /// Returns `true` if every check holds.
    pub(crate) fn is_ok(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// Writes `<folder>/<suite>.json`.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(format!("{}.json", self.suite));
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::from);
        text.and_then(|text| fs::write(&path, text + "\n")).map_err(Error::io("write", &path))?;
        println!("results: {}", path.display());
        Ok(())
    }

    /// Prints one check per line.
    pub(crate) fn print_checks(&self) {
        print_checks(&self.checks);
    }

    /// Prints medians with their spread and ratios, case by case. `is_peer` distinguishes other
    /// engines from ours and the limit.
    pub(crate) fn print_table(&self, is_peer: impl Fn(&str) -> bool) {
        print!("{}", self.table(is_peer));
        for Failure { case, system, message } in &self.failures {
            println!("{case:<15} {system:<11} failed: {message}");
        }
    }

    fn table(&self, is_peer: impl Fn(&str) -> bool) -> String {
        let mut text = format!(
            "{:<15} {:<11} {:>9} {:>19} {:>5} {:>8} {:>8} {:>9}\n",
            "case", "system", "median s", "min..max s", "runs", "/ ours", "/ limit", "peak MiB"
        );
        for row in &self.rows {
            let ratio = |system| ratio_text(Some(row), self.find(&row.case, system));
            let spread = format!("{:.4}..{:.4}", row.min_seconds, row.max_seconds);
            let peak = row.peak_rss_mib.map_or_else(|| "-".to_owned(), |peak| peak.to_string());
            text += &format!(
                "{:<15} {:<11} {:>9.4} {spread:>19} {:>5} {:>8} {:>8} {peak:>9}\n",
                row.case,
                row.system,
                row.seconds,
                row.runs,
                ratio("ours"),
                ratio("limit")
            );
        }
        let is_compared = self.rows.iter().any(|row| row.system != "ours");
        for ours in self.rows.iter().filter(|row| row.system == "ours" && is_compared) {
            let best = self.best_peer(&ours.case, &is_peer);
            let limit = self.find(&ours.case, "limit");
            text += &format!(
                "{}: ours / best peer ({}) {}, ours / limit {}\n",
                ours.case,
                best.map_or("none", |row| &row.system),
                ratio_text(Some(ours), best),
                ratio_text(Some(ours), limit)
            );
        }
        text + &self.means(is_peer)
    }

    /// Geometric means of our time divided by each peer's and by the best peer's, over the cases
    /// that both answer.
    fn means(&self, is_peer: impl Fn(&str) -> bool) -> String {
        let ours: Vec<&Row> = self.rows.iter().filter(|row| row.system == "ours").collect();
        let mut systems: Vec<&str> =
            self.rows.iter().map(|row| row.system.as_str()).filter(|system| is_peer(system)).collect();
        systems.sort_unstable();
        systems.dedup();
        if ours.len() < 2 || systems.is_empty() {
            return String::new();
        }
        let by_best = |row: &&Row| self.best_peer(&row.case, &is_peer).map(|best| row.seconds / best.seconds);
        let best: Vec<f64> = ours.iter().filter_map(by_best).collect();
        let mean = |ratios: &[f64]| (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        let mut text = String::from("geometric means: ours / ");
        for system in systems {
            let by = |row: &&Row| self.find(&row.case, system).map(|peer| row.seconds / peer.seconds);
            let ratios: Vec<f64> = ours.iter().filter_map(by).collect();
            text += &format!("{system} {:.2}, ", mean(&ratios));
        }
        text + &format!("best peer {:.2}\n", mean(&best))
    }

    fn best_peer(&self, case: &str, is_peer: impl Fn(&str) -> bool) -> Option<&Row> {
        let peers = self.rows.iter().filter(|row| row.case == case && is_peer(&row.system));
        peers.min_by(|left, right| left.seconds.total_cmp(&right.seconds))
    }

    fn find(&self, case: &str, system: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.case == case && row.system == system)
    }
}

/// Prints one check per line.
pub(crate) fn print_checks(checks: &[Check]) {
    for Check { name, ok, detail } in checks {
        println!("{} {name}: {detail}", if *ok { "ok    " } else { "FAILED" });
    }
}

fn ratio_text(row: Option<&Row>, base: Option<&Row>) -> String {
    row.zip(base).map_or_else(|| "-".to_owned(), |(row, base)| format!("{:.2}", row.seconds / base.seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(system: &str, seconds: f64) -> Row {
        Row {
            case: "q1".to_owned(),
            system: system.to_owned(),
            seconds,
            min_seconds: seconds,
            max_seconds: seconds * 2.0,
            runs: 7,
            peak_rss_mib: Some(310),
            llvm_lines_per_operator: None,
            figures: BTreeMap::new(),
        }
    }

    fn report(ok: bool) -> Report {
        Report {
            suite: "tpch".to_owned(),
            provenance: Provenance {
                commit: "c0ffee".to_owned(),
                date: "2026-01-02".to_owned(),
                processor: "P".to_owned(),
                cores: 2,
                memory_gib: 24,
                versions: [("duckdb".to_owned(), "2.0.0".to_owned())].into(),
            },
            rows: vec![row("ours", 0.125), row("limit", 0.0625), row("duckdb", 0.25), row("polars", 0.5)],
            failures: Vec::new(),
            checks: vec![Check { name: "answers agree".to_owned(), ok, detail: "1 comparisons".to_owned() }],
        }
    }

    #[test]
    fn the_file_has_the_documented_shape() {
        let folder = tempfile::tempdir().unwrap();
        report(true).write(folder.path()).unwrap();
        let text = fs::read_to_string(folder.path().join("tpch.json")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&value["suite"], &value["commit"], &value["cores"]), (&json!("tpch"), &json!("c0ffee"), &json!(2)));
        let expected = json!({
            "case": "q1", "system": "ours", "seconds": 0.125, "min_seconds": 0.125, "max_seconds": 0.25,
            "runs": 7, "peak_rss_mib": 310
        });
        assert_eq!(value["rows"][0], expected);
        let expected = json!({"name": "answers agree", "ok": true, "detail": "1 comparisons"});
        assert_eq!(value["checks"], json!([expected]));
    }

    #[test]
    fn one_failed_check_fails_the_report() {
        assert!(report(true).is_ok());
        assert!(!report(false).is_ok());
    }

    #[test]
    fn the_table_relates_to_ours_the_limit_and_best_peer() {
        let table = report(true).table(|system| system == "duckdb" || system == "polars");
        let polars = table.lines().find(|line| line.contains("polars")).unwrap();
        assert!(polars.contains("0.5000..1.0000") && polars.contains(" 4.00 ") && polars.contains(" 8.00 "), "{table}");
        assert!(table.ends_with("q1: ours / best peer (duckdb) 0.50, ours / limit 2.00\n"), "{table}");
    }

    #[test]
    fn several_cases_have_geometric_means() {
        let mut report = report(true);
        // 0.5 and 0.25 of the best peers: 2^-1.5.
        let second = |system, seconds| Row { case: "q2".to_owned(), ..row(system, seconds) };
        report.rows.extend([second("ours", 0.25), second("duckdb", 1.0)]);
        let table = report.table(|system| system == "duckdb" || system == "polars");
        assert!(table.ends_with("geometric means: ours / duckdb 0.35, polars 0.25, best peer 0.35\n"), "{table}");
    }
}
