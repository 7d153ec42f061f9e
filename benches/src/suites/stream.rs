//! Events of a log counted by key and minute of their own time; the answer is what was left of the counts when they were consumed, or read again from a folder.

use super::{Rounds, Suite};
use crate::data::events::{self, EventCount};
use crate::harness::{Check, Measurement, RowOrder, Spread};
use crate::protocol::PROCESSOR_SECONDS;
use crate::workspace::{Paths, Workspace};

/// The figure that says how many snapshots were taken before the job's end.
pub(crate) const SNAPSHOTS: &str = "snapshots";

/// Bytes of state that were written for them.
pub(crate) const SNAPSHOT_BYTES: &str = "snapshot_bytes";

/// From the barrier to the commit, on average.
pub(crate) const COMMIT_SECONDS: &str = "commit_seconds";

/// The same of the one that took longest, be it that of the job's end.
pub(crate) const LONGEST_COMMIT_SECONDS: &str = "longest_commit_seconds";

/// The same of that of the job's end, from the last record on.
pub(crate) const LAST_COMMIT_SECONDS: &str = "last_commit_seconds";

/// The suite.
pub(crate) static STREAM: Suite = Suite {
    name: "stream",
    cases: || CASES.iter().map(|case| (*case, RowOrder::Given)).collect(),
    limit_share_of_best_peer: 1.0,
    has_one_answer: true,
    // What snapshots cost is less than what the machine's speed changes by from one minute to another.
    rounds: Rounds::OfAllCases,
    at_hand_bytes: 0,
    mean_aim: None,
    worst_aim: None,
    aims: &[],
    memory_bytes: |_, _| None,
    paths: |workspace, scale| Paths { tables: folder(workspace, scale), ..workspace.paths(scale) },
    make_data: |workspace, scale| events::ensure(&folder(workspace, scale), EventCount::of_scale(scale)),
    further_checks: |measured, _| Ok(snapshot_costs(measured)),
};

const CASES: [&str; 5] = ["memory", "log", WITHOUT_SNAPSHOTS, "snapshot_5s", "snapshot_500ms"];

/// What the runs with snapshots are compared with.
const WITHOUT_SNAPSHOTS: &str = "folder";

/// The seconds between two snapshots for which there is a limit, and what that is, by the processor time without any.
const LIMITED: (f64, f64) = (5.0, 1.02);

fn folder(workspace: &Workspace, scale: f64) -> std::path::PathBuf {
    workspace.events(EventCount::of_scale(scale).events)
}

/// Prints what snapshots cost in each case that takes some, and says whether one every five seconds costs little enough.
fn snapshot_costs(measured: &[Measurement]) -> Vec<Check> {
    let ours = |case| measured.iter().find(|found| found.system == "ours" && found.case == case);
    let Some(without) = ours(WITHOUT_SNAPSHOTS) else { return Vec::new() };
    let costs: Vec<Cost> =
        measured.iter().filter(|found| found.system == "ours").filter_map(|found| Cost::of(found, without)).collect();
    if let Some(seconds) = median(without.figure(PROCESSOR_SECONDS)) {
        println!("{WITHOUT_SNAPSHOTS}: {:.2} s, {seconds:.2} s of the processor", without.seconds.median);
    }
    costs.iter().for_each(Cost::print);
    costs.iter().filter_map(Cost::check).collect()
}

/// What snapshots cost in a case.
struct Cost {
    case: &'static str,
    seconds: f64,
    processor_seconds: f64,
    /// The processor time by that of the run without snapshots in the same round.
    ratio: Spread,
    snapshots: f64,
    /// State that was written, in bytes.
    bytes: f64,
    commit_seconds: [f64; 3],
    /// What one takes of the processor, in seconds.
    of_one: f64,
    /// What a snapshot every five seconds adds to the processor time by that.
    every_five_seconds: f64,
}

impl Cost {
    /// None where no snapshots are taken, or the processor time is not known.
    fn of(with: &Measurement, without: &Measurement) -> Option<Self> {
        let snapshots = median(with.figure(SNAPSHOTS))?;
        let pairs = || with.figure(PROCESSOR_SECONDS).iter().zip(without.figure(PROCESSOR_SECONDS));
        let ratios: Vec<f64> = pairs().map(|(with, without)| with / without).collect();
        let added: Vec<f64> = pairs().map(|(with, without)| with - without).collect();
        let commits = [COMMIT_SECONDS, LONGEST_COMMIT_SECONDS, LAST_COMMIT_SECONDS];
        let of_one = median(&added)? / snapshots.max(1.0);
        let busy = median(without.figure(PROCESSOR_SECONDS))? / without.seconds.median;
        Some(Self {
            case: with.case,
            seconds: with.seconds.median,
            processor_seconds: median(with.figure(PROCESSOR_SECONDS))?,
            ratio: Spread::of(&ratios)?,
            snapshots,
            bytes: median(with.figure(SNAPSHOT_BYTES))?,
            commit_seconds: commits.map(|name| median(with.figure(name)).unwrap_or_default()),
            of_one,
            every_five_seconds: of_one / (LIMITED.0 * busy),
        })
    }

    fn print(&self) {
        let Self { case, seconds, processor_seconds, ratio, snapshots, bytes, .. } = self;
        let [average, longest, last] = self.commit_seconds.map(|seconds| seconds * 1e3);
        println!(
            "{case}: {seconds:.2} s, {processor_seconds:.2} s of the processor, {:.3} ({:.3}..{:.3}) of that without; \
             {snapshots} snapshots, {:.1} MiB of state; from barrier to commit {average:.0} ms, {longest:.0} ms at most, {last:.0} ms at the end",
            ratio.median,
            ratio.min,
            ratio.max,
            bytes / f64::from(1 << 20),
        );
        if *snapshots > 0.0 {
            let (of_one, share) = (self.of_one * 1e3, self.every_five_seconds * 100.0);
            println!(
                "{case}: one takes {of_one:.1} ms of the processor; every {} s that is {share:.2} % of it",
                LIMITED.0
            );
        }
    }

    /// None where the limit is for other cases, or no snapshot was taken while the job ran.
    fn check(&self) -> Option<Check> {
        let (seconds, at_most) = LIMITED;
        if self.case != format!("snapshot_{seconds}s") || self.snapshots < 1.0 {
            return None;
        }
        let snapshots = if self.snapshots > 1.0 { "snapshots" } else { "snapshot" };
        Some(Check {
            name: format!("{}: takes at most {at_most} of the processor time without snapshots", self.case),
            ok: self.ratio.median <= at_most,
            detail: format!("{:.3}, by {} {snapshots} in a run", self.ratio.median, self.snapshots),
        })
    }
}

fn median(figures: &[f64]) -> Option<f64> {
    Some(Spread::of(figures)?.median)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn measured(case: &'static str, processor_seconds: [f64; 3], snapshots: Option<f64>) -> Measurement {
        let seconds = Spread { median: 2.0, min: 2.0, max: 2.0 };
        let mut figures = BTreeMap::from([(PROCESSOR_SECONDS.to_owned(), processor_seconds.to_vec())]);
        for (name, figure) in snapshots.into_iter().flat_map(|count| [(SNAPSHOTS, count), (SNAPSHOT_BYTES, 1e6)]) {
            figures.insert(name.to_owned(), vec![figure; 3]);
        }
        Measurement { system: "ours", case, seconds, runs: 3, peak_rss_mib: 1, figures }
    }

    #[test]
    fn snapshots_are_compared_round_by_round() {
        let without = measured(WITHOUT_SNAPSHOTS, [1.0, 2.0, 4.0], None);
        let checks = |case, times: [f64; 3], snapshots| {
            let checks = snapshot_costs(&[without.clone(), measured(case, times, Some(snapshots))]);
            checks.iter().map(|check| check.ok).collect::<Vec<_>>()
        };
        // The machine grew slower from round to round, and once much else ran.
        assert_eq!(checks("snapshot_5s", [1.01, 2.02, 9.0], 2.0), [true]);
        assert_eq!(checks("snapshot_5s", [1.03, 2.06, 4.0], 2.0), [false]);
        assert!(checks("snapshot_5s", [1.03, 2.06, 4.12], 0.0).is_empty());
        assert!(checks("snapshot_500ms", [2.0, 4.0, 8.0], 4.0).is_empty());
    }

    #[test]
    fn what_one_snapshot_takes_says_what_any_interval_would() {
        let without = measured(WITHOUT_SNAPSHOTS, [4.0; 3], None);
        let cost = Cost::of(&measured("snapshot_500ms", [4.8; 3], Some(4.0)), &without).unwrap();
        // 0.8 s for four, where two cores were busy.
        assert!((cost.of_one - 0.2).abs() < 1e-9 && (cost.every_five_seconds - 0.02).abs() < 1e-9);
        assert!(Cost::of(&without, &without).is_none());
    }
}
