//! Events of a log counted by key and minute of event time. The answer is a digest of the counts
//! that were consumed, or read again from a folder.

use super::{Rounds, Suite};
use crate::data::events::{self, EventCount};
use crate::harness::{Check, Measurement, RowOrder, Spread};
use crate::protocol::PROCESSOR_SECONDS;
use crate::workspace::{Paths, Workspace};

/// Figure: number of snapshots before the job's end.
pub(crate) const SNAPSHOTS: &str = "snapshots";

/// Figure: bytes of state that they wrote.
pub(crate) const SNAPSHOT_BYTES: &str = "snapshot_bytes";

/// Figure: mean time from the barrier to the commit.
pub(crate) const COMMIT_SECONDS: &str = "commit_seconds";

/// Figure: the longest such time, including the snapshot at the job's end.
pub(crate) const LONGEST_COMMIT_SECONDS: &str = "longest_commit_seconds";

/// Figure: the time from the last record to the commit of the snapshot at the job's end.
pub(crate) const LAST_COMMIT_SECONDS: &str = "last_commit_seconds";

/// The suite.
pub(crate) static STREAM: Suite = Suite {
    name: "stream",
    cases: || CASES.iter().map(|case| (*case, RowOrder::Given)).collect(),
    limit_share_of_best_peer: 1.0,
    has_one_answer: true,
    // The cost of snapshots is less than the changes of the machine's speed from minute to minute.
    rounds: Rounds::OfAllCases,
    warm_bytes: 0,
    mean_aim: None,
    worst_aim: None,
    aims: &[],
    memory_bytes: |_, _| None,
    paths: |workspace, scale| Paths { tables: folder(workspace, scale), ..workspace.paths(scale) },
    make_data: |workspace, scale| events::ensure(&folder(workspace, scale), EventCount::of_scale(scale)),
    further_checks: |measured, _| Ok(snapshot_costs(measured)),
};

const CASES: [&str; 5] = ["memory", "log", WITHOUT_SNAPSHOTS, "snapshot_5s", "snapshot_500ms"];

/// The case that the runs with snapshots are compared with.
const WITHOUT_SNAPSHOTS: &str = "folder";

/// The snapshot interval in seconds that has a limit.
const LIMITED_SECONDS: f64 = 5.0;

/// The limit, in percent of the processor time in this interval.
const MAX_PERCENT: f64 = 2.0;

fn folder(workspace: &Workspace, scale: f64) -> std::path::PathBuf {
    workspace.events(EventCount::of_scale(scale).events)
}

/// Prints the cost of snapshots in each case that takes some, and checks that one every five
/// seconds is cheap enough.
///
/// A run at full size ends within five seconds, and the processor time of runs varies by a tenth.
/// The cost of ten snapshots is easier to measure than that of one. So the case with most snapshots
/// determines the cost of one.
fn snapshot_costs(measured: &[Measurement]) -> Vec<Check> {
    let ours = |case| measured.iter().find(|found| found.system == "ours" && found.case == case);
    let Some(without) = ours(WITHOUT_SNAPSHOTS) else { return Vec::new() };
    let costs: Vec<Cost> =
        measured.iter().filter(|found| found.system == "ours").filter_map(|found| Cost::of(found, without)).collect();
    if let Some(seconds) = median(without.figure(PROCESSOR_SECONDS)) {
        println!("{WITHOUT_SNAPSHOTS}: {:.2} s, {seconds:.2} s of the processor", without.seconds.median);
    }
    costs.iter().for_each(Cost::print);
    let taken = costs.iter().filter(|cost| cost.snapshots >= 1.0);
    taken.max_by(|one, other| one.snapshots.total_cmp(&other.snapshots)).map(Cost::check).into_iter().collect()
}

/// The cost of snapshots in a case.
struct Cost {
    case: &'static str,
    seconds: f64,
    processor_seconds: f64,
    /// Processor time relative to the run without snapshots in the same round.
    ratio: Spread,
    snapshots: f64,
    /// Bytes of state that were written.
    bytes: f64,
    commit_seconds: [f64; 3],
    /// Processor seconds of one snapshot.
    of_one: f64,
    /// The resulting cost of one snapshot every five seconds, in percent.
    percent: f64,
}

impl Cost {
    /// Returns `None` if the case takes no snapshots, or the processor time is unknown.
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
            percent: of_one / (LIMITED_SECONDS * busy) * 100.0,
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
            println!("{case}: one snapshot takes {:.1} ms of the processor", self.of_one * 1e3);
        }
    }

    fn check(&self) -> Check {
        let Self { case, snapshots, percent, .. } = self;
        Check {
            name: format!(
                "a snapshot every {LIMITED_SECONDS} s takes at most {MAX_PERCENT} % of the processor without any"
            ),
            ok: *percent <= MAX_PERCENT,
            detail: format!("{percent:.2} %, by {snapshots} in a run of {case}"),
        }
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
    fn the_case_with_most_snapshots_gives_the_cost_of_one() {
        let without = measured(WITHOUT_SNAPSHOTS, [4.0; 3], None);
        let checks = |rare: f64, frequent: f64, snapshots| {
            let rare = measured("snapshot_5s", [rare; 3], Some(1.0));
            let checks =
                snapshot_costs(&[without.clone(), rare, measured("snapshot_500ms", [frequent; 3], Some(snapshots))]);
            checks.iter().map(|check| check.ok).collect::<Vec<_>>()
        };
        // Two cores are busy: 0.2 s in five seconds are 2 %.
        assert_eq!(checks(9.0, 4.79, 4.0), [true]);
        assert_eq!(checks(4.0, 4.81, 4.0), [false]);
        assert_eq!(checks(4.0, 9.0, 0.0), [true]);
        let none = measured("snapshot_5s", [9.0; 3], Some(0.0));
        assert!(snapshot_costs(&[without.clone(), none]).is_empty());
        assert!(Cost::of(&without, &without).is_none());
    }

    #[test]
    fn runs_are_compared_round_by_round() {
        let without = measured(WITHOUT_SNAPSHOTS, [1.0, 2.0, 4.0], None);
        // The machine got slower from round to round, with high other load once.
        let cost = Cost::of(&measured("snapshot_500ms", [1.01, 2.02, 9.0], Some(4.0)), &without).unwrap();
        assert!((cost.ratio.median - 1.01).abs() < 1e-9 && (cost.of_one - 0.005).abs() < 1e-9, "{}", cost.of_one);
    }
}
