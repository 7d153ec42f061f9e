//! Group and join of many rows in ample memory, compared with the same peers.

use std::time::Duration;

use super::{answers_are_right, expected, named, paths};
use crate::answer::Resources;
use crate::data::facts;
use crate::error::Result;
use crate::harness::{Answered, Check, Entrant, Failure, Measurement, Pace, nothing_failed, take_answers, time_rounds};
use crate::options::Cliff;
use crate::systems::System;
use crate::workspace::{TableSize, Workspace};

/// Number of timed rounds. A run takes seconds.
pub(super) const RUNS: usize = 5;

/// Number of facts for each row of the dimension.
const FACTS_PER_ID: u64 = 10;

/// Maximum time that a run waits for near cores.
const PATIENCE: Duration = Duration::from_mins(1);

/// More memory than any system takes.
const WARM_BYTES: usize = 5 << 30;

/// The measurements.
#[derive(Debug)]
pub(super) struct Ample {
    pub(super) size: TableSize,
    answers: Vec<Answered>,
    pub(super) measured: Vec<Measurement>,
    failures: Vec<Failure>,
}

/// Gets answers and times them. Does nothing for 0 rows.
pub(super) fn measure(workspace: &Workspace, systems: &[&'static dyn System], options: &Cliff) -> Result<Ample> {
    let size = TableSize { rows: options.ample_rows, ids: (options.ample_rows / FACTS_PER_ID).max(1) };
    let (mut answers, mut measured, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    let cases: Vec<&str> = ["group", "join"].into_iter().filter(|case| options.has(case)).collect();
    if size.rows > 0 && !cases.is_empty() {
        let paths = paths(workspace, size);
        facts::ensure(&paths.tables, size.rows, size.ids)?;
        let resources = Resources { parallelism: options.parallelism, memory_bytes: None };
        let entrants: Vec<_> = cases
            .into_iter()
            .flat_map(|case| systems.iter().map(move |system| (case, *system)))
            .map(|(case, system)| {
                let worker = Box::new(|| system.worker(workspace, "cliff", &paths, &resources));
                Entrant { system: system.name(), case, worker }
            })
            .collect();
        let folder = workspace.make_output("answers")?;
        answers = take_answers(&entrants, &folder, options.timeout, &mut failures)?;
        let pace = Pace { runs: RUNS, limit: options.timeout, warm_bytes: WARM_BYTES, patience: PATIENCE };
        measured = time_rounds(&entrants, &answers, pace, &mut failures);
    }
    let ample = Ample { size, answers, measured, failures };
    ample.print();
    Ok(ample)
}

impl Ample {
    /// Returns the fastest peer of a case.
    pub(super) fn best_peer(&self, case: &str) -> Option<&Measurement> {
        let peers = self.measured.iter().filter(|found| found.case == case && found.system != "ours");
        peers.min_by(|left, right| left.seconds.median.total_cmp(&right.seconds.median))
    }

    /// Checks that all answers are right, and that our time is at most the best peer's.
    pub(super) fn checks(&self) -> Vec<Check> {
        if self.answers.is_empty() && self.failures.is_empty() {
            return Vec::new();
        }
        let computed = ["group", "join"].map(|case| (case, expected(case, self.size)));
        let given = self.answers.iter().filter_map(|answer| {
            let (_, expected) = computed.iter().find(|(case, _)| *case == answer.case)?;
            Some((named(answer), answer.text.as_str(), expected.as_str()))
        });
        let mut checks = vec![answers_are_right(given), nothing_failed(&self.failures, |_| false)];
        for ours in self.measured.iter().filter(|found| found.system == "ours") {
            let Some(best) = self.best_peer(ours.case) else { continue };
            let ratio = ours.seconds.median / best.seconds.median;
            checks.push(Check {
                name: format!("{} in ample memory takes at most the time of the best peer", ours.case),
                ok: ratio <= 1.0,
                detail: format!("{ratio:.2} of the time of {}", best.system),
            });
        }
        checks
    }

    fn print(&self) {
        for Measurement { system, case, seconds, peak_rss_mib, .. } in &self.measured {
            println!("ample {case:<6} {system:<11} {:>8.2} s {peak_rss_mib:>9} MiB", seconds.median);
        }
        for Failure { system, case, message } in &self.failures {
            println!("ample {case:<6} {system:<11} failed: {message}");
        }
    }
}
