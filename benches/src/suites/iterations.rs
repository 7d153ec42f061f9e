//! Loops: ranks and components of graphs, and rounds without work. The answer is a digest of the
//! loop's records.

use super::{Rounds, Suite};
use crate::data::graphs::{self, Graphs};
use crate::error::{Error, Result};
use crate::harness::{Check, Measurement, RowOrder};
use crate::limit::iterations::supersteps;
use crate::workspace::{Paths, Workspace};

/// Rounds of `pagerank`.
pub(crate) const RANK_ROUNDS: u32 = 20;

/// Rounds of `empty` and `empty_shuffle`.
pub(crate) const EMPTY_ROUNDS: u32 = 2_000;

/// Number of records in these loops, numbered from 0.
pub(crate) const EMPTY_NUMBERS: u64 = 8;

/// Maximum time of a round without work.
const EMPTY_SUPERSTEP_MICROS: f64 = 200.0;

/// The suite.
pub(crate) static ITERATIONS: Suite = Suite {
    name: "iterations",
    cases: || CASES.iter().map(|case| (*case, RowOrder::Given)).collect(),
    limit_share_of_best_peer: 1.0,
    has_one_answer: false,
    rounds: Rounds::OfOneCase,
    warm_bytes: 0,
    mean_aim: None,
    worst_aim: None,
    aims: &[],
    memory_bytes: |_, _| None,
    paths: |workspace, scale| Paths {
        tables: workspace.graphs(&Graphs::of_scale(scale).name()),
        ..workspace.paths(scale)
    },
    make_data,
    further_checks: superstep_times,
};

const CASES: [&str; 5] = ["pagerank", "components", "components_grid", "empty", "empty_shuffle"];

fn make_data(workspace: &Workspace, scale: f64) -> Result<()> {
    let graphs = Graphs::of_scale(scale);
    graphs.ensure(&workspace.graphs(&graphs.name()))
}

/// Prints the time per superstep of cases with many supersteps, and checks that one without work is
/// short enough.
fn superstep_times(measured: &[Measurement], paths: &Paths) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for measurement in measured {
        let supersteps = match measurement.case {
            "components_grid" => {
                let grid = Graphs::of_folder(&paths.tables)?.grid;
                let edges = graphs::binary(&paths.tables, grid);
                supersteps(&edges, grid.vertices()).map_err(Error::io("read", &edges))?
            }
            "empty" | "empty_shuffle" => EMPTY_ROUNDS,
            _ => continue,
        };
        let micros = superstep_micros(measurement, supersteps);
        println!("{}: {} takes {micros:.1} µs a superstep, of {supersteps}", measurement.case, measurement.system);
        if measurement.case != "components_grid" && measurement.system == "ours" {
            checks.push(empty_check(measurement.case, micros));
        }
    }
    Ok(checks)
}

fn superstep_micros(measurement: &Measurement, supersteps: u32) -> f64 {
    measurement.seconds.median * 1e6 / f64::from(supersteps.max(1))
}

fn empty_check(case: &str, micros: f64) -> Check {
    Check {
        name: format!("{case}: a superstep takes at most {EMPTY_SUPERSTEP_MICROS} µs"),
        ok: micros <= EMPTY_SUPERSTEP_MICROS,
        detail: format!("{micros:.1} µs"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::harness::Spread;

    #[test]
    fn a_long_round_without_work_fails() {
        let paths = Paths { text: "".into(), tpch: "".into(), tables: "".into() };
        let checks = |system, case, median| {
            let seconds = Spread { median, min: median, max: median };
            let measurement = Measurement { system, case, seconds, runs: 5, peak_rss_mib: 1, figures: BTreeMap::new() };
            superstep_times(&[measurement], &paths).unwrap().iter().map(|check| check.ok).collect::<Vec<_>>()
        };
        assert_eq!(checks("ours", "empty", 0.39), [true]);
        assert_eq!(checks("ours", "empty_shuffle", 0.41), [false]);
        assert!(checks("limit", "empty", 0.41).is_empty());
        assert!(checks("ours", "pagerank", 9.0).is_empty());
    }
}
