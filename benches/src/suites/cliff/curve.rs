//! The points of the curves. Each is the fastest of a few runs in separate processes.
//!
//! The median is not useful here. On a virtual machine a new process may have to wait for memory,
//! which takes several times the measured time. Repeated runs do not help while the host keeps
//! [cores apart](Cores). A point without a run on near cores gets more runs, up to twice as many.
//! So do, in turn, the two limits between which the engine's time grows by more than
//! [allowed](aims), because they were measured minutes apart.

use std::time::Duration;

use super::point::{Point, shares};
use super::{CASES, aims, answers_are_right, expected};
use crate::answer::Resources;
use crate::error::Result;
use crate::harness::{Attempt, Check, Cores, Entrant, attempt, disk_seconds};
use crate::options::Cliff;
use crate::systems::System;
use crate::workspace::{Paths, TableSize, Workspace};

/// A system that wrote fewer bytes did not spill, but only wrote its answer.
const SPILLED_BYTES: u64 = 1 << 20;

/// Memory to touch before a run, in addition to the limit: spilled data goes through the page
/// cache.
const CACHED_BYTES: usize = 1 << 30;

/// The same for a system without a limit.
const FREE_BYTES: usize = 3 << 30;

/// One run.
struct Run {
    attempt: Attempt,
    core_nanos: f64,
    disk_seconds: Option<f64>,
}

/// A system with a case and a limit.
#[derive(Clone, Copy)]
struct CurveRun {
    system: &'static dyn System,
    case: &'static str,
    /// Its share of the data's size, and its bytes.
    limit: Option<(f64, u64)>,
}

/// Runs each case in rounds over all limits, in descending and ascending order, with all systems of
/// a limit in turn. A failed system does not run again.
pub(super) fn measure(
    workspace: &Workspace,
    systems: &[&'static dyn System],
    paths: &Paths,
    size: TableSize,
    options: &Cliff,
) -> Result<Vec<Point>> {
    let bench = Bench { workspace, paths, parallelism: options.parallelism, timeout: options.timeout };
    let (mut points, mut cores) = (Vec::new(), Cores::new());
    println!("case   memory MiB system       seconds  peak MiB  written MiB  cores ns");
    for case in CASES.into_iter().filter(|case| options.has(case)) {
        let requested: Vec<CurveRun> = requested(case, systems, size).collect();
        let mut runs: Vec<Vec<Run>> = requested.iter().map(|_| Vec::new()).collect();
        for round in 0..2 * options.runs {
            let mut places: Vec<usize> = (0..requested.len()).collect();
            // Changes the order, so that no system always follows the same one.
            if !round.is_multiple_of(2) {
                places.reverse();
            }
            for place in places {
                let undisturbed = runs[place].iter().any(|run| cores.are_near(run.core_nanos));
                if all_answered(&runs[place]) && (round < options.runs || !undisturbed) {
                    runs[place].push(bench.run(&requested[place], &mut cores)?);
                }
            }
        }
        let mut found = points_of(case, &requested, &runs);
        for _ in 0..options.runs {
            let Some(limits) = aims::steps_to_repeat(&found) else { break };
            for (requested, runs) in requested.iter().zip(&mut runs) {
                if all_answered(runs) && requested.limit.is_some_and(|(share, _)| limits.contains(&share)) {
                    runs.push(bench.run(requested, &mut cores)?);
                }
            }
            found = points_of(case, &requested, &runs);
        }
        points.extend(found);
    }
    Ok(points)
}

/// A failed system does not run again.
fn all_answered(runs: &[Run]) -> bool {
    runs.iter().all(|run| run.attempt.outcome.is_ok())
}

/// Each system with a limit at each limit, then the systems without one.
fn requested(case: &'static str, systems: &[&'static dyn System], size: TableSize) -> impl Iterator<Item = CurveRun> {
    let (limited, free): (Vec<_>, Vec<_>) = systems.iter().copied().partition(|system| takes_limit(*system));
    let limits = shares().map(move |share| (share, (size.bytes() as f64 * share) as u64));
    let limited = limits.flat_map(move |limit| limited.clone().into_iter().map(move |system| (system, Some(limit))));
    let free = free.into_iter().map(|system| (system, None));
    limited.chain(free).map(move |(system, limit)| CurveRun { system, case, limit })
}

/// Polars has no memory limit.
fn takes_limit(system: &dyn System) -> bool {
    system.name() != "polars"
}

struct Bench<'a> {
    workspace: &'a Workspace,
    paths: &'a Paths,
    parallelism: usize,
    timeout: Duration,
}

impl Bench<'_> {
    fn run(&self, &CurveRun { system, case, limit }: &CurveRun, cores: &mut Cores) -> Result<Run> {
        let resources = Resources { parallelism: self.parallelism, memory_bytes: limit.map(|(_, bytes)| bytes) };
        let worker = Box::new(|| system.worker(self.workspace, "cliff", self.paths, &resources));
        let folder = self.workspace.make_output("answers")?;
        let warm_bytes = limit.map_or(FREE_BYTES, |(_, bytes)| bytes as usize + CACHED_BYTES);
        let before = cores.measure_distance();
        let entrant = Entrant { system: system.name(), case, worker };
        let attempt = attempt(&entrant, &folder, self.timeout, warm_bytes)?;
        let core_nanos = cores.measure_distance().max(before);
        let spilled = attempt.outcome.is_ok() && attempt.written_bytes >= SPILLED_BYTES;
        let disk_seconds = spilled.then(|| disk_seconds(&self.workspace.spill(), attempt.written_bytes)).flatten();
        print(system.name(), case, limit, &attempt, core_nanos);
        Ok(Run { attempt, core_nanos, disk_seconds })
    }
}

/// The points from the runs of each entry.
fn points_of(case: &'static str, requested: &[CurveRun], runs: &[Vec<Run>]) -> Vec<Point> {
    requested
        .iter()
        .zip(runs)
        .map(|(requested, runs)| point_of(requested.system.name(), case, requested.limit, runs))
        .collect()
}

fn point_of(system: &'static str, case: &'static str, limit: Option<(f64, u64)>, runs: &[Run]) -> Point {
    let failure = runs.iter().find_map(|run| run.attempt.outcome.as_ref().err()).cloned();
    let seconds = |run: &Run| run.attempt.outcome.as_ref().map_or(f64::INFINITY, |done| done.seconds);
    let quickest = runs.iter().min_by(|left, right| seconds(left).total_cmp(&seconds(right)));
    Point {
        case,
        system,
        memory_share: limit.map(|(share, _)| share),
        memory_mib: limit.map(|(_, bytes)| bytes >> 20),
        seconds: quickest.filter(|_| failure.is_none()).map(seconds),
        runs: runs.len(),
        core_nanos: quickest.map(|run| run.core_nanos),
        peak_rss_mib: runs.iter().filter_map(|run| run.attempt.peak_rss_mib).max(),
        written_mib: quickest.map_or(0, |run| run.attempt.written_bytes >> 20),
        disk_seconds: quickest.and_then(|run| run.disk_seconds),
        failure,
        answers: runs.iter().filter_map(|run| Some(run.attempt.outcome.as_ref().ok()?.text.clone())).collect(),
    }
}

fn print(system: &str, case: &str, limit: Option<(f64, u64)>, attempt: &Attempt, core_nanos: f64) {
    let memory = limit.map_or_else(|| "-".to_owned(), |(_, bytes)| (bytes >> 20).to_string());
    let peak = attempt.peak_rss_mib.map_or_else(|| "-".to_owned(), |mib| mib.to_string());
    let written_mib = attempt.written_bytes >> 20;
    match &attempt.outcome {
        Ok(done) => {
            let seconds = done.seconds;
            println!(
                "{case:<6} {memory:>10} {system:<11} {seconds:>8.2} {peak:>9} {written_mib:>12} {core_nanos:>9.0}"
            );
        }
        Err(message) => println!("{case:<6} {memory:>10} {system:<11} failed: {message}"),
    }
}

/// Checks that answers are right, and that the engine answers at each limit.
pub(super) fn checks(points: &[Point], size: TableSize) -> Vec<Check> {
    let computed: Vec<_> = CASES.into_iter().filter(|case| points.iter().any(|point| point.case == *case)).collect();
    let computed: Vec<_> = computed.into_iter().map(|case| (case, expected(case, size))).collect();
    let given = points.iter().flat_map(|point| point.answers.iter().map(move |answer| (point, answer)));
    let given = given.filter_map(|(point, answer)| {
        let (_, expected) = computed.iter().find(|(case, _)| *case == point.case)?;
        Some((format!("{} on {}", point.system, point.case), answer.as_str(), expected.as_str()))
    });
    let failed = points.iter().filter(|point| point.system == "ours" && point.failure.is_some()).count();
    let ours = points.iter().filter(|point| point.system == "ours").count();
    let answered = Check {
        name: "ours answers in every limit".to_owned(),
        ok: failed == 0,
        detail: format!("{} of {ours}", ours - failed),
    };
    vec![answers_are_right(given), answered]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Done;

    fn run(seconds: f64, disk_seconds: Option<f64>) -> Run {
        Run { disk_seconds, ..done(seconds, Ok(expected("join", TableSize { rows: 100, ids: 10 }))) }
    }

    fn done(seconds: f64, outcome: Result<String, String>) -> Run {
        let outcome = outcome.map(|text| Done { seconds, text });
        Run { attempt: Attempt { outcome, peak_rss_mib: None, written_bytes: 0 }, core_nanos: 60.0, disk_seconds: None }
    }

    #[test]
    fn a_point_is_its_fastest_run_or_a_failure() {
        let runs = [run(3.0, Some(0.5)), run(1.0, Some(0.1)), run(2.0, Some(0.2))];
        let point = point_of("ours", "join", None, &runs);
        assert_eq!((point.seconds, point.disk_seconds, point.runs, point.answers.len()), (Some(1.0), Some(0.1), 3, 3));
        let point = point_of("ours", "join", None, &[run(3.0, None), done(1.0, Err("no".to_owned()))]);
        assert_eq!((point.seconds, point.failure.as_deref(), point.runs), (None, Some("no"), 2));
    }

    #[test]
    fn limits_halve_every_second_step() {
        let shares: Vec<f64> = shares().collect();
        assert_eq!((shares.len(), shares[0]), (13, 2.0));
        assert!((shares[2] - 1.0).abs() < 1e-12 && (shares[12] - 1.0 / 32.0).abs() < 1e-12);
    }

    #[test]
    fn a_wrong_answer_and_our_failure_fail_the_suite() {
        let size = TableSize { rows: 100, ids: 10 };
        let point = |system, outcome: Result<String, String>| {
            point_of(system, "join", Some((1.0, 1 << 20)), &[run(1.0, None), done(1.0, outcome)])
        };
        let outcome = |points: &[Point]| checks(points, size).iter().map(|check| check.ok).collect::<Vec<_>>();
        let right = expected("join", size);
        let failed = || Err("no".to_owned());
        assert_eq!(outcome(&[point("ours", Ok(right.clone() + "\n")), point("duckdb", failed())]), [true, true]);
        assert_eq!(outcome(&[point("ours", Ok(right)), point("duckdb", Ok("7".to_owned()))]), [false, true]);
        assert_eq!(outcome(&[point("ours", failed())]), [true, false]);
    }
}
