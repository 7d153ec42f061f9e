//! The progress line of a job.
//!
//! A bounded job shows how much of its input is read. An unbounded job shows its rate, the unread
//! bytes of its logs, the event time, and the last snapshot.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use runtime::metrics::{JobMetrics, SnapshotMetrics};
use runtime::output::TerminalLine;
use runtime::physical::PhysicalPlan;
use runtime::value::Timestamp;

/// A line on standard error: rows read, rate, supersteps, event time, snapshots, spilled bytes,
/// accumulators.
pub(super) struct Progress {
    shown: ProgressDisplay,
    started: Instant,
    /// The name of each operator, in the plan's order.
    names: Vec<Arc<str>>,
    /// The rate of rows. `None` for a bounded job.
    rate: Option<Rate>,
}

/// The place where the line is shown.
enum ProgressDisplay {
    /// On a terminal, as one line that is replaced. The job's prints go above it.
    Terminal(ProgressBar, Option<TerminalLine>),
    /// In a pipe or a file, as one line per [`LINE_EVERY`]. Holds the time of the last line.
    Lines(Instant),
}

/// Time between two lines in a pipe or a file.
const LINE_EVERY: Duration = Duration::from_secs(1);

impl ProgressDisplay {
    fn new(is_endless: bool, started: Instant) -> Self {
        if !stderr().is_terminal() {
            return ProgressDisplay::Lines(started);
        }
        let bar = ProgressBar::new(0);
        let template = if is_endless { "{msg}  {elapsed}" } else { "{bar:16} {percent:>3} %  {msg}  {elapsed}" };
        // The template is a constant and valid. If not, the default style remains.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        let suspended = bar.clone();
        let line = stdout().is_terminal().then(|| TerminalLine::keep(move |print| suspended.suspend(print)));
        ProgressDisplay::Terminal(bar, line)
    }
}

impl Progress {
    pub(super) fn new(plan: &PhysicalPlan) -> Self {
        let is_endless = plan.endless_stages().contains(&true);
        let names = plan.operators.iter().map(|operator| operator.origin.name.clone()).collect();
        let started = Instant::now();
        let shown = ProgressDisplay::new(is_endless, started);
        Progress { shown, started, names, rate: is_endless.then(|| Rate::since(started)) }
    }

    pub(super) fn show(&mut self, metrics: &JobMetrics, accumulated: &[(String, String)]) {
        let read = match &mut self.rate {
            Some(rate) => unbounded_status(metrics, rate.at(metrics.source_rows.get(), Instant::now()), current_time()),
            None => bounded_status(metrics, self.started.elapsed()),
        };
        let accumulated: String = accumulated.iter().map(|(name, value)| format!(", {name} {value}")).collect();
        let (rounds, spilled) = (supersteps_text(metrics), spilled_text(&self.names, metrics));
        let text = format!("{read}{rounds}{spilled}{accumulated}");
        match &mut self.shown {
            ProgressDisplay::Terminal(bar, _) => {
                if self.rate.is_none() {
                    bar.set_length(metrics.source_total_bytes.get());
                    bar.set_position(metrics.source_bytes.get());
                }
                bar.set_message(text);
            }
            ProgressDisplay::Lines(last) if last.elapsed() >= LINE_EVERY => {
                *last = Instant::now();
                // The job must not fail because its standard error is closed.
                _ = writeln!(stderr(), "{text}  {:#}", HumanDuration(self.started.elapsed()));
            }
            ProgressDisplay::Lines(_) => {}
        }
    }

    pub(super) fn clear(self) {
        if let ProgressDisplay::Terminal(bar, line) = self.shown {
            // Later prints need no room above the line.
            drop(line);
            bar.finish_and_clear();
        }
    }
}

/// Prints a line to standard error, above the progress line if there is one.
pub(super) fn print(progress: Option<&Progress>, line: &str) {
    // The job must not fail because its standard error is closed.
    let print = || _ = writeln!(stderr(), "{line}");
    match progress.map(|progress| &progress.shown) {
        Some(ProgressDisplay::Terminal(bar, _)) => bar.suspend(print),
        Some(ProgressDisplay::Lines(_)) | None => print(),
    }
}

/// The rate of rows in the last full second. An average over the whole run would hide changes.
struct Rate {
    since: Instant,
    /// The rows read until `since`.
    rows: u64,
    /// The rate of the previous span. `None` in the first.
    last: Option<u64>,
}

impl Rate {
    /// Shortest time over which a rate is measured.
    const MIN_SPAN: Duration = Duration::from_secs(1);

    fn since(begin: Instant) -> Self {
        Rate { since: begin, rows: 0, last: None }
    }

    /// Returns the rows per second, given the rows read until `now`.
    fn at(&mut self, rows: u64, now: Instant) -> u64 {
        let span = now.saturating_duration_since(self.since);
        let rate = ((rows - self.rows) as f64 / span.as_secs_f64().max(1e-3)) as u64;
        if span >= Self::MIN_SPAN {
            (self.since, self.rows, self.last) = (now, rows, Some(rate));
        }
        self.last.unwrap_or(rate)
    }
}

/// Formats a bounded job: `12 MiB of 40 MiB read, 1,204 rows, 3 MiB/s`.
fn bounded_status(metrics: &JobMetrics, elapsed: Duration) -> String {
    let bytes = metrics.source_bytes.get();
    format!(
        "{} of {} read, {} rows, {}/s",
        HumanBytes(bytes),
        HumanBytes(metrics.source_total_bytes.get()),
        HumanCount(metrics.source_rows.get()),
        HumanBytes((bytes as f64 / elapsed.as_secs_f64().max(1e-3)) as u64)
    )
}

/// Formats an unbounded job:
/// `1,204 rows, 50 rows/s, 3.1 MiB to read, event time …, 3 late rows, snapshot 7, 12 ms, 3.1 MiB`.
fn unbounded_status(metrics: &JobMetrics, rows_a_second: u64, now: Timestamp) -> String {
    let mut text = format!("{} rows, {} rows/s", HumanCount(metrics.source_rows.get()), HumanCount(rows_a_second));
    let unread = metrics.bytes_to_read();
    if unread > 0 {
        text.push_str(&format!(", {} to read", HumanBytes(unread)));
    }
    if let Some(time) = metrics.event_time() {
        text.push_str(&format!(", event time {}", event_time_text(time, now)));
    }
    match metrics.late_rows() {
        0 => {}
        1 => text.push_str(", 1 late row"),
        late => text.push_str(&format!(", {} late rows", HumanCount(late))),
    }
    text.push_str(&snapshot_text(&metrics.snapshots));
    text
}

/// Formats `12:03:05, 2.1 s behind`. An event time in the future, or more than a day ago, is shown
/// with its date and without the delay: such a job reads old data.
fn event_time_text(time: Timestamp, now: Timestamp) -> String {
    const DAY_SECONDS: f64 = 86_400.0;
    let second = Timestamp::from_micros(time.micros() - time.micros().rem_euclid(1_000_000)).to_string();
    let delay_seconds = (now.micros() as f64 - time.micros() as f64) / 1e6;
    match delay_seconds {
        _ if !(0.0..DAY_SECONDS).contains(&delay_seconds) => second,
        _ => {
            let time_of_day = second.get(11..19).unwrap_or(&second);
            format!("{time_of_day}, {} behind", duration_text(delay_seconds))
        }
    }
}

/// Formats `2.1 s`, `35 s`, `12 min`, `3.5 h`.
fn duration_text(seconds: f64) -> String {
    match seconds {
        ..9.95 => format!("{seconds:.1} s"),
        ..119.5 => format!("{seconds:.0} s"),
        ..7_170.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3_600.0),
    }
}

/// Formats the last complete snapshot: `, snapshot 7, 12 ms, 3.1 MiB`.
fn snapshot_text(snapshots: &SnapshotMetrics) -> String {
    if snapshots.completed.get() == 0 {
        return String::new();
    }
    let millis = snapshots.last_nanos.get() as f64 / 1e6;
    let (number, bytes) = (snapshots.last_epoch.get(), HumanBytes(snapshots.last_bytes.get()));
    format!(", snapshot {number}, {millis:.0} ms, {bytes}")
}

/// The time of the system's clock.
fn current_time() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// Formats the supersteps of loops: `, superstep 7 of 1,204 rows`.
fn supersteps_text(metrics: &JobMetrics) -> String {
    let begun = metrics.counts().filter(|operator| operator.rounds > 0);
    let formatted =
        begun.map(|operator| format!(", superstep {} of {} rows", operator.rounds, HumanCount(operator.round_rows)));
    formatted.collect()
}

/// Formats the operators that spilled most, and the sum of the others: `, sort spills 1.2 GiB`.
fn spilled_text(names: &[Arc<str>], metrics: &JobMetrics) -> String {
    /// The maximum number of operators with a name.
    const MAX_NAMED: usize = 2;
    let bytes = metrics.counts().map(|operator| operator.spilled_bytes);
    let mut spilled: Vec<(u64, &str)> = bytes.zip(names).map(|(bytes, name)| (bytes, &**name)).collect();
    spilled.retain(|&(bytes, _)| bytes > 0);
    // The sort is stable: operators with equal amounts stay in the plan's order.
    spilled.sort_by_key(|&(bytes, _)| std::cmp::Reverse(bytes));
    let formatted = |&(bytes, name): &(u64, &str)| format!(", {name} spills {}", HumanBytes(bytes));
    let mut text: String = spilled.iter().take(MAX_NAMED).map(formatted).collect();
    if let Some(others) = spilled.get(MAX_NAMED..).filter(|others| !others.is_empty()) {
        let bytes = others.iter().map(|&(bytes, _)| bytes).sum();
        text.push_str(&format!(", {} more {}", others.len(), HumanBytes(bytes)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_operators_that_spill_most() {
        let metrics = JobMetrics::new([1; 5]);
        let names = ["read", "sort", "pairs", "sum", "print"].map(Arc::from);
        assert_eq!(spilled_text(&names, &metrics), "");
        metrics.operators[1][0].spilled_bytes.add(3 << 20);
        assert_eq!(spilled_text(&names, &metrics), ", sort spills 3.00 MiB");
        metrics.operators[2][0].spilled_bytes.add(1 << 30);
        metrics.operators[3][0].spilled_bytes.add(1 << 20);
        assert_eq!(spilled_text(&names, &metrics), ", pairs spills 1.00 GiB, sort spills 3.00 MiB, 1 more 1.00 MiB");
    }
    const SECOND: i64 = 1_000_000;

    #[test]
    fn unbounded_status_shows_lag_and_snapshot() {
        let (metrics, noon) = (JobMetrics::new([1; 3]), Timestamp::from_micros(1_767_268_800 * SECOND));
        metrics.source_rows.add(1_204);
        assert_eq!(unbounded_status(&metrics, 50, noon), "1,204 rows, 50 rows/s");
        metrics.source_total_bytes.add(5 << 20);
        metrics.source_bytes.add(2 << 20);
        // The event time is that of the slowest operator. The third operator has finished.
        metrics.operators[0][0].event_time.raise(noon.micros() - 1_000);
        metrics.operators[1][0].event_time.raise(noon.micros() - 2_100_000);
        metrics.operators[2][0].event_time.raise(i64::MAX);
        metrics.operators[1][0].late_rows.add(3);
        metrics.snapshots.completed.add(2);
        metrics.snapshots.last_epoch.set(7);
        metrics.snapshots.last_nanos.set(12_300_000);
        metrics.snapshots.last_bytes.set(31 << 17);
        let expected = "1,204 rows, 50 rows/s, 3.00 MiB to read, event time 11:59:57, 2.1 s behind, 3 late rows, snapshot 7, 12 ms, 3.88 MiB";
        assert_eq!(unbounded_status(&metrics, 50, noon), expected);
    }

    #[test]
    fn event_time_of_another_day_shows_the_date() {
        let noon = Timestamp::from_micros(1_767_268_800 * SECOND);
        let behind = |seconds: i64| event_time_text(Timestamp::from_micros(noon.micros() - seconds * SECOND), noon);
        assert_eq!(behind(0), "12:00:00, 0.0 s behind");
        assert_eq!(behind(90), "11:58:30, 90 s behind");
        assert_eq!(behind(600), "11:50:00, 10 min behind");
        assert_eq!(behind(9_000), "09:30:00, 2.5 h behind");
        assert_eq!(behind(86_400), "2025-12-31T12:00:00Z");
        // The clock is wrong, or the records are from the future.
        assert_eq!(behind(-60), "2026-01-01T12:01:00Z");
        assert_eq!(event_time_text(Timestamp::from_micros(-1), noon), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn rate_is_measured_over_the_last_second() {
        let begin = Instant::now();
        let mut rate = Rate::since(begin);
        let mut at = |millis, rows| rate.at(rows, begin + Duration::from_millis(millis));
        assert_eq!(
            [at(500, 100), at(1_000, 300), at(1_900, 400), at(2_000, 400), at(2_100, 9_000)],
            [200, 300, 300, 100, 100]
        );
    }
}
