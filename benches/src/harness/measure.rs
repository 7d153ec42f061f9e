//! Answers and timings from worker processes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Spread;
use super::client::{Done, Worker};
use crate::error::{Error, Result};
use crate::protocol::Request;

/// One system on one case: it gets a process of its own, so that its peak of memory belongs to the case.
pub(crate) struct Entrant<'a> {
    /// The system's name.
    pub(crate) system: &'static str,
    /// The case's name.
    pub(crate) case: &'static str,
    /// Makes the command that starts its worker.
    pub(crate) worker: Box<dyn Fn() -> Command + 'a>,
}

/// What an entrant answered.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The system's name.
    pub(crate) system: &'static str,
    /// The case's name.
    pub(crate) case: &'static str,
    /// How many rows it says there are.
    pub(crate) rows: u64,
    /// The rows as text.
    pub(crate) text: String,
}

/// What an entrant's runs came to.
#[derive(Debug, Clone)]
pub(crate) struct Measurement {
    /// The system's name.
    pub(crate) system: &'static str,
    /// The case's name.
    pub(crate) case: &'static str,
    /// Its timed runs.
    pub(crate) seconds: Spread,
    /// How many they were.
    pub(crate) runs: usize,
    /// The most memory its process held at once.
    pub(crate) peak_rss_mib: u64,
}

/// Takes every entrant's answer, each in a process of its own that ends afterwards: writing rows down takes memory
/// that does not belong to the query.
///
/// # Errors
/// When a worker fails, ends, or takes longer than `limit`.
pub(crate) fn take_answers(entrants: &[Entrant<'_>], folder: &Path, limit: Duration) -> Result<Vec<Answered>> {
    entrants.iter().map(|entrant| take_answer(entrant, folder, limit)).collect()
}

/// Times `runs` interleaved rounds: a round runs every entrant once, and starts with a different system each time.
/// Every run must give as many rows as the entrant's answer had.
///
/// # Errors
/// When a worker fails, ends, takes longer than `limit` for one run, or gives a different number of rows.
pub(crate) fn time_rounds(
    entrants: &[Entrant<'_>],
    answers: &[Answered],
    runs: usize,
    limit: Duration,
) -> Result<Vec<Measurement>> {
    let mut lanes = Vec::new();
    for (entrant, answer) in entrants.iter().zip(answers) {
        let mut lane = Lane { entrant, worker: start(entrant, limit)?, rows: answer.rows, seconds: Vec::new() };
        // Not timed: the first run loads code, fills caches and grows heaps.
        lane.run()?;
        lanes.push(lane);
    }
    for round in 0..runs {
        for index in rotated(entrants, round) {
            let done = lanes[index].run()?;
            lanes[index].seconds.push(done.seconds);
        }
    }
    Ok(lanes.into_iter().filter_map(Lane::finish).collect())
}

/// An entrant under way.
struct Lane<'a> {
    entrant: &'a Entrant<'a>,
    worker: Worker,
    rows: u64,
    seconds: Vec<f64>,
}

impl Lane<'_> {
    fn run(&mut self) -> Result<Done> {
        let done = self.worker.ask(&Request::Run { case: self.entrant.case.to_owned() })?;
        if done.rows == self.rows {
            return Ok(done);
        }
        let message = format!("this run gave {} rows, its answer had {}", done.rows, self.rows);
        Err(Error::Worker { system: self.entrant.system.to_owned(), case: self.entrant.case.to_owned(), message })
    }

    /// The measurement, unless there were no rounds.
    fn finish(self) -> Option<Measurement> {
        let Entrant { system, case, .. } = *self.entrant;
        let seconds = Spread::of(&self.seconds)?;
        // Only Linux tells the peak; elsewhere it reads 0.
        let peak_rss_mib = self.worker.peak_rss_mib().unwrap_or(0);
        Some(Measurement { system, case, seconds, runs: self.seconds.len(), peak_rss_mib })
    }
}

fn start(entrant: &Entrant<'_>, limit: Duration) -> Result<Worker> {
    Worker::start(entrant.system, (entrant.worker)(), limit)
}

fn take_answer(entrant: &Entrant<'_>, folder: &Path, limit: Duration) -> Result<Answered> {
    let path = folder.join(format!("{}-{}.tsv", entrant.case, entrant.system));
    let mut worker = start(entrant, limit)?;
    let done = worker.ask(&Request::Answer { case: entrant.case.to_owned(), path: path.clone() })?;
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    Ok(Answered { system: entrant.system, case: entrant.case, rows: done.rows, text })
}

/// Case by case, the systems of each in turn, beginning with another one each round.
fn rotated(entrants: &[Entrant<'_>], round: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(entrants.len());
    let mut start = 0;
    while start < entrants.len() {
        let case = entrants[start].case;
        let count = entrants[start..].iter().take_while(|entrant| entrant.case == case).count();
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
            echo "{\"case\": \"$case\", \"seconds\": 0.25, \"rows\": 1}"
        done"#;

    fn run(script: &'static str) -> Result<(Vec<Answered>, Vec<Measurement>)> {
        let folder = tempfile::tempdir().unwrap();
        let (entrants, limit) = ([entrant("q1", script)], Duration::from_secs(20));
        let answers = take_answers(&entrants, folder.path(), limit)?;
        let measured = time_rounds(&entrants, &answers, 5, limit)?;
        Ok((answers, measured))
    }

    #[test]
    fn a_measurement_holds_answer_spread_and_peak() {
        let (answers, measured) = run(HONEST).unwrap();
        assert_eq!(answers[0].text, "42\n");
        assert_eq!(measured[0].seconds, Spread { median: 0.25, min: 0.25, max: 0.25 });
        assert_eq!(measured[0].runs, 5);
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
        let error = run(forgetful).unwrap_err().to_string();
        assert!(error.contains("this run gave 0 rows, its answer had 1"), "{error}");
    }

    #[test]
    fn every_round_runs_everyone_and_starts_with_another() {
        let entrants: Vec<_> = ["q1", "q1", "q1", "q6", "q6"].map(|case| entrant(case, HONEST)).into();
        assert_eq!(rotated(&entrants, 0), [0, 1, 2, 3, 4]);
        assert_eq!(rotated(&entrants, 1), [1, 2, 0, 4, 3]);
        assert_eq!(rotated(&entrants, 2), [2, 0, 1, 3, 4]);
    }
}
