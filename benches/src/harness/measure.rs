//! Answers and timings from worker processes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::{Done, Worker};
use super::{Cores, Spread, warm_memory};
use crate::error::{Error, Result};
use crate::protocol::Request;

/// One system on one case. It has its own process, so that the peak of memory belongs to the case.
pub(crate) struct Entrant<'a> {
    /// The system's name.
    pub(crate) system: &'static str,
    /// The case's name.
    pub(crate) case: &'static str,
    /// Creates the command that starts its worker.
    pub(crate) worker: Box<dyn Fn() -> Command + 'a>,
}

/// The answer of an entrant.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The system's name.
    pub(crate) system: &'static str,
    /// The case's name.
    pub(crate) case: &'static str,
    /// The number of rows that it reports.
    pub(crate) rows: u64,
    /// The rows as text.
    pub(crate) text: String,
}

/// The results of an entrant's runs.
#[derive(Debug, Clone)]
pub(crate) struct Measurement {
    /// The system's name.
    pub(crate) system: &'static str,
    /// The case's name.
    pub(crate) case: &'static str,
    /// Times of its runs.
    pub(crate) seconds: Spread,
    /// Number of timed runs.
    pub(crate) runs: usize,
    /// The peak memory of its process.
    pub(crate) peak_rss_mib: u64,
    /// Other figures of each timed run, in order. For compared systems, equal indexes mean the same
    /// round.
    pub(crate) figures: BTreeMap<String, Vec<f64>>,
}

impl Measurement {
    /// A figure of each timed run. Empty if the worker does not report it.
    pub(crate) fn figure(&self, name: &str) -> &[f64] {
        self.figures.get(name).map_or(&[], Vec::as_slice)
    }
}

/// An entrant that failed, ended, or took too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// The case's name.
    pub(crate) case: String,
    /// The system's name.
    pub(crate) system: String,
    /// Its message in one line.
    pub(crate) message: String,
}

impl Failure {
    fn of(entrant: &Entrant<'_>, error: &Error) -> Self {
        Self { case: entrant.case.to_owned(), system: entrant.system.to_owned(), message: error.failure_line() }
    }
}

/// Gets every entrant's answer, each from a separate process that ends afterwards, since formatting
/// rows takes memory that does not belong to the query. An entrant that fails has no answer, and
/// its failure is added.
///
/// # Errors
/// Fails if an existing answer cannot be read.
pub(crate) fn take_answers(
    entrants: &[Entrant<'_>],
    folder: &Path,
    limit: Duration,
    failures: &mut Vec<Failure>,
) -> Result<Vec<Answered>> {
    let mut answers = Vec::new();
    for entrant in entrants {
        match take_answer(entrant, folder, limit) {
            Ok(answer) => answers.push(answer),
            Err(error) if error.is_failure() => failures.push(Failure::of(entrant, &error)),
            Err(error) => return Err(error),
        }
    }
    Ok(answers)
}

/// The timing of runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Timed runs of each entrant.
    pub(crate) runs: usize,
    /// Time limit of one run, after which the worker is ended.
    pub(crate) limit: Duration,
    /// Memory that is touched before a run. See [`warm_memory`].
    pub(crate) warm_bytes: usize,
    /// Maximum time that a run waits for [near cores](Cores).
    pub(crate) patience: Duration,
}

/// Times interleaved rounds. A round runs every entrant once, and starts with a different system
/// each time. Every run must return as many rows as the entrant's answer. An entrant without answer
/// does not run. One that fails, or returns another number of rows, is not measured, and its
/// failure is added.
pub(crate) fn time_rounds(
    entrants: &[Entrant<'_>],
    answers: &[Answered],
    pace: Pace,
    failures: &mut Vec<Failure>,
) -> Vec<Measurement> {
    let mut lanes = Vec::new();
    for entrant in entrants {
        let answer = answers.iter().find(|answer| (answer.system, answer.case) == (entrant.system, entrant.case));
        let Some(answer) = answer else { continue };
        match Lane::open(entrant, answer.rows, pace.limit) {
            Ok(lane) => lanes.push(lane),
            Err(error) => failures.push(Failure::of(entrant, &error)),
        }
    }
    let mut cores = Cores::new();
    for round in 0..pace.runs {
        for index in rotated(&lanes, round) {
            cores.wait(pace.patience);
            warm_memory(pace.warm_bytes);
            lanes[index].run_timed();
        }
    }
    failures.extend(lanes.iter().filter_map(Lane::failure));
    lanes.into_iter().filter_map(Lane::finish).collect()
}

/// An entrant that is being measured.
struct Lane<'a> {
    entrant: &'a Entrant<'a>,
    worker: Worker,
    rows: u64,
    seconds: Vec<f64>,
    figures: BTreeMap<String, Vec<f64>>,
    failed: Option<Error>,
}

impl<'a> Lane<'a> {
    /// Starts a worker and runs the case once. That run is not timed: it loads code, fills caches
    /// and grows heaps.
    fn open(entrant: &'a Entrant<'a>, rows: u64, limit: Duration) -> Result<Self> {
        let worker = start(entrant, limit)?;
        let mut lane = Lane { entrant, worker, rows, seconds: Vec::new(), figures: BTreeMap::new(), failed: None };
        lane.run()?;
        Ok(lane)
    }

    fn run_timed(&mut self) {
        if self.failed.is_some() {
            return;
        }
        match self.run() {
            Ok(done) => {
                self.seconds.push(done.seconds);
                done.figures.into_iter().for_each(|(name, figure)| self.figures.entry(name).or_default().push(figure));
            }
            Err(error) => self.failed = Some(error),
        }
    }

    fn failure(&self) -> Option<Failure> {
        self.failed.as_ref().map(|error| Failure::of(self.entrant, error))
    }

    fn run(&mut self) -> Result<Done> {
        let done = self.worker.ask(&Request::Run { case: self.entrant.case.to_owned() })?;
        if done.rows == self.rows {
            return Ok(done);
        }
        let message = format!("this run gave {} rows, its answer had {}", done.rows, self.rows);
        Err(Error::Worker { system: self.entrant.system.to_owned(), case: self.entrant.case.to_owned(), message })
    }

    /// The measurement. `None` if there were no rounds or one failed.
    fn finish(self) -> Option<Measurement> {
        if self.failed.is_some() {
            return None;
        }
        let Entrant { system, case, .. } = *self.entrant;
        let seconds = Spread::of(&self.seconds)?;
        // Only Linux reports the peak. It is 0 elsewhere.
        let peak_rss_mib = self.worker.peak_rss_mib().unwrap_or(0);
        Some(Measurement { system, case, seconds, runs: self.seconds.len(), peak_rss_mib, figures: self.figures })
    }
}

pub(super) fn start(entrant: &Entrant<'_>, limit: Duration) -> Result<Worker> {
    Worker::start(entrant.system, (entrant.worker)(), limit)
}

fn take_answer(entrant: &Entrant<'_>, folder: &Path, limit: Duration) -> Result<Answered> {
    let path = folder.join(format!("{}-{}.tsv", entrant.case, entrant.system));
    let mut worker = start(entrant, limit)?;
    let done = worker.ask(&Request::Answer { case: entrant.case.to_owned(), path: path.clone() })?;
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    Ok(Answered { system: entrant.system, case: entrant.case, rows: done.rows, text })
}

/// Case by case, the systems of each in turn, starting with another one each round.
fn rotated(lanes: &[Lane<'_>], round: usize) -> Vec<usize> {
    let cases: Vec<_> = lanes.iter().map(|lane| lane.entrant.case).collect();
    let mut order = Vec::with_capacity(cases.len());
    let mut start = 0;
    while start < cases.len() {
        let case = cases[start];
        let count = cases[start..].iter().take_while(|other| **other == case).count();
        order.extend((0..count).map(|offset| start + (offset + round) % count));
        start += count;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entrant(case: &'static str, script: &'static str) -> Entrant<'static> {
        let worker = Box::new(move || {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        });
        Entrant { system: "fake", case, worker }
    }

    const HONEST: &str = r#"echo ready
        while read verb case path; do
            [ "$verb" = answer ] && echo 42 > "$path"
            echo "{\"case\": \"$case\", \"seconds\": 0.25, \"rows\": 1, \"figures\": {\"snapshots\": 3}}"
        done"#;

    fn run(script: &'static str) -> (Vec<Answered>, Vec<Measurement>, Vec<Failure>) {
        let folder = tempfile::tempdir().unwrap();
        let (entrants, limit) = ([entrant("q1", script)], Duration::from_secs(20));
        let mut failures = Vec::new();
        let answers = take_answers(&entrants, folder.path(), limit, &mut failures).unwrap();
        let measured = time_rounds(
            &entrants,
            &answers,
            Pace { runs: 5, limit, warm_bytes: 0, patience: Duration::ZERO },
            &mut failures,
        );
        (answers, measured, failures)
    }

    #[test]
    fn a_measurement_has_answer_spread_and_peak() {
        let (answers, measured, failures) = run(HONEST);
        assert_eq!(failures, []);
        assert_eq!(answers[0].text, "42\n");
        assert_eq!(measured[0].seconds, Spread { median: 0.25, min: 0.25, max: 0.25 });
        assert_eq!(measured[0].runs, 5);
        assert_eq!((measured[0].figure("snapshots"), measured[0].figure("bytes")), (&[3.0; 5][..], &[][..]));
        assert!(measured[0].peak_rss_mib > 0);
    }

    #[test]
    fn a_run_that_skips_rows_is_found() {
        let forgetful = r#"echo ready
            while read verb case path; do
                rows=0
                [ "$verb" = answer ] && rows=1 && echo 42 > "$path"
                echo "{\"case\": \"$case\", \"seconds\": 0.01, \"rows\": $rows}"
            done"#;
        let (_, measured, failures) = run(forgetful);
        assert!(measured.is_empty());
        assert_eq!(failures[0].message, "this run gave 0 rows, its answer had 1");
    }

    #[test]
    fn a_failing_entrant_is_recorded_at_any_step() {
        let at_once = r#"echo ready; read x; printf '%s\n' '{"error": "out of memory\n at 3 MiB"}'; read x"#;
        let (answers, _, failures) = run(at_once);
        assert!(answers.is_empty());
        let failure =
            |message: &str| Failure { case: "q1".to_owned(), system: "fake".to_owned(), message: message.to_owned() };
        assert_eq!(failures, [failure("out of memory at 3 MiB")]);
        let when_timed = r#"echo ready
            while read verb case path; do
                [ "$verb" = run ] && exit 3
                echo 42 > "$path"
                echo "{\"case\": \"$case\", \"seconds\": 0.25, \"rows\": 1}"
            done"#;
        let (answers, measured, failures) = run(when_timed);
        assert_eq!((answers.len(), measured.len()), (1, 0));
        assert_eq!(failures, [failure("the process ended (exit status: 3)")]);
    }

    #[test]
    fn each_round_runs_all_and_starts_with_another() {
        let entrants: Vec<_> = ["q1", "q1", "q1", "q6", "q6"].map(|case| entrant(case, HONEST)).into();
        let lanes: Vec<_> = entrants.iter().map(|of| Lane::open(of, 1, Duration::from_secs(20)).unwrap()).collect();
        assert_eq!(rotated(&lanes, 0), [0, 1, 2, 3, 4]);
        assert_eq!(rotated(&lanes, 1), [1, 2, 0, 4, 3]);
        assert_eq!(rotated(&lanes, 2), [2, 0, 1, 3, 4]);
    }
}
