//! The pipelined grep: one text and three terms, from an eighth of the memory budget to eight times
//! of it. The time per byte should not depend on the size.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use examples::text_data;
use memchr::memmem;
use serde::Serialize;

use crate::answer::Resources;
use crate::error::{Error, Result};
use crate::harness::{Answered, Check, Entrant, Measurement, Pace, nothing_failed, take_answers, time_rounds};
use crate::options::Grep;
use crate::plot::{Axis, Figure, Panel, Series, Stroke, fraction_text};
use crate::systems;
use crate::workspace::{Paths, Workspace};

/// Each is in some percent of the lines.
pub(crate) const TERMS: [&str; 3] = ["cat", "dog", "owl"];

/// Each case and its text size relative to the budget.
const CASES: [(&str, f64); 7] = [
    ("eighth", 0.125),
    ("quarter", 0.25),
    ("half", 0.5),
    ("once", 1.0),
    ("twice", 2.0),
    ("fourfold", 4.0),
    ("eightfold", 8.0),
];

/// Smaller texts end before all threads have started.
const COMPARED_FROM_BYTES: u64 = 64 << 20;

/// The slowest time per byte relative to the fastest may be at most this.
const MAX_SPREAD: f64 = 1.1;

/// A text of some size.
struct Text {
    case: &'static str,
    by_budget: f64,
    bytes: u64,
    path: PathBuf,
}

impl Text {
    fn new(workspace: &Workspace, case: &'static str, budget_bytes: u64, by_budget: f64) -> Self {
        let bytes = (budget_bytes as f64 * by_budget) as u64;
        Self { case, by_budget, bytes, path: workspace.text(bytes) }
    }
}

/// The measurements of a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    text_by_budget: f64,
    text_bytes: u64,
    seconds: f64,
    nanoseconds_per_byte: f64,
    /// Bytes read, relative to the size of the text.
    times_read: f64,
    peak_rss_mib: u64,
}

/// Runs, prints, draws and writes the results. Returns `true` if all checks hold.
///
/// # Errors
/// Fails if the data cannot be generated, or a file cannot be written.
pub(crate) fn run(workspace: &Workspace, options: &Grep) -> Result<bool> {
    let _spill = workspace.make_spill()?;
    let budget_bytes = options.budget << 20;
    let texts = CASES.map(|(case, factor)| Text::new(workspace, case, budget_bytes, factor));
    for text in &texts {
        text_data::ensure(&text.path, text.bytes, text_data::DEFAULT_DISTINCT_WORDS)?;
        cache_in_order(&text.path)?;
    }
    let ours = systems::find("ours")?;
    let resources = Resources { parallelism: options.parallelism, memory_bytes: Some(budget_bytes) };
    let entrants: Vec<Entrant<'_>> = texts
        .iter()
        .map(|text| {
            let paths = Paths { text: text.path.clone(), ..workspace.paths(1.0) };
            let resources = &resources;
            let worker = Box::new(move || ours.worker(workspace, "grep", &paths, resources));
            Entrant { system: "ours", case: text.case, worker }
        })
        .collect();
    let mut failures = Vec::new();
    let folder = workspace.make_output("answers")?;
    let answers = take_answers(&entrants, &folder, options.timeout, &mut failures)?;
    let pace = Pace { runs: options.runs, limit: options.timeout, warm_bytes: 0, patience: Duration::ZERO };
    let measured = time_rounds(&entrants, &answers, pace, &mut failures);
    let rows: Vec<Row> = texts.iter().filter_map(|text| Row::of(text, &answers, &measured)).collect();
    print!("{}", table(&rows));
    draw(workspace, &rows, options)?;
    let checks = [nothing_failed(&failures, |_| false), counts_are_right(&texts, &answers)?, check_spread(&rows)];
    super::tables::finish("grep", workspace, &rows, &checks)
}

/// Loads a file into the page cache in order. The layout of cached pages affects the read time: a
/// file that was cached in small pieces, hours ago, takes a tenth more than one that was just read.
fn cache_in_order(path: &Path) -> Result<()> {
    let read = || -> std::io::Result<()> {
        let mut file = fs::File::open(path)?;
        // Pages that are not yet on the disk would stay cached.
        file.sync_all()?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        std::io::copy(&mut file, &mut std::io::sink()).map(drop)
    };
    read().map_err(Error::io("read", path))
}

impl Row {
    /// Returns `None` if the case failed.
    fn of(text: &Text, answers: &[Answered], measured: &[Measurement]) -> Option<Self> {
        let answer = answers.iter().find(|answer| answer.case == text.case)?;
        let found = measured.iter().find(|found| found.case == text.case)?;
        let text_bytes = fs::metadata(&text.path).ok()?.len();
        let bytes_read: u64 = answer.text.lines().last()?.parse().ok()?;
        let seconds = found.seconds.median;
        Some(Self {
            text_by_budget: text.by_budget,
            text_bytes,
            seconds,
            nanoseconds_per_byte: seconds * 1e9 / text_bytes as f64,
            times_read: bytes_read as f64 / text_bytes as f64,
            peak_rss_mib: found.peak_rss_mib,
        })
    }
}

fn table(rows: &[Row]) -> String {
    let mut text =
        "| text | by budget | seconds | ns per byte | times read | peak |\n|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for row in rows {
        let Row { seconds, nanoseconds_per_byte, times_read, peak_rss_mib, .. } = row;
        let (mib, by_budget) = (row.text_bytes >> 20, fraction_text(row.text_by_budget));
        text += &format!(
            "| {mib} MiB | {by_budget} | {seconds:.3} | {nanoseconds_per_byte:.3} | {times_read:.1} | {peak_rss_mib} MiB |\n"
        );
    }
    text
}

/// Writes `docs/figures/grep.svg` and `docs/figures/grep.md`.
fn draw(workspace: &Workspace, rows: &[Row], options: &Grep) -> Result<()> {
    let Grep { budget, parallelism, runs, .. } = options;
    let note = format!("Three terms in one run, budget {budget} MiB, {parallelism} threads, the median of {runs} runs");
    let points: Vec<_> = rows.iter().map(|row| (row.text_by_budget, row.nanoseconds_per_byte)).collect();
    let panel = Panel {
        title: "pipelined grep".to_owned(),
        x: Axis::binary("size of the text / memory budget", CASES.map(|(_, factor)| factor), fraction_text),
        y: Axis::decimal("nanoseconds per byte", points.iter().map(|(_, nanoseconds)| *nanoseconds)),
        series: vec![Series {
            name: "ours".to_owned(),
            color: "#d55e00",
            stroke: Stroke::Strong,
            points,
            failed_at: Vec::new(),
        }],
    };
    let title = "What a byte takes, by the size of the text".to_owned();
    let folder = workspace.figures();
    Figure { title, note: note.clone(), panels: vec![panel] }.write(&folder.join("grep.svg"))?;
    let text = format!(
        "# The pipelined grep\n\n{note}.\n\n`cargo run --release -p benches -- grep` makes this page and its figure.\n\n\
         ![Nanoseconds per byte by the size of the text](grep.svg)\n\n{}",
        table(rows)
    );
    let path = folder.join("grep.md");
    fs::write(&path, text).map_err(Error::io("write", &path))
}

/// Checks that each answer has the counts of a plain loop.
fn counts_are_right(texts: &[Text], answers: &[Answered]) -> Result<Check> {
    let mut wrong = Vec::new();
    for text in texts {
        let Some(answer) = answers.iter().find(|answer| answer.case == text.case) else { continue };
        let expected = counts(&text.path)?.map(|count| count.to_string());
        let given: Vec<&str> = answer.text.lines().take(TERMS.len()).collect();
        if given != expected {
            wrong.push(format!("{}: {} instead of {}", text.case, given.join(", "), expected.join(", ")));
        }
    }
    let detail = if wrong.is_empty() { format!("{} texts", answers.len()) } else { wrong.join("; ") };
    Ok(Check { name: "counts are as computed".to_owned(), ok: wrong.is_empty(), detail })
}

/// Number of lines with each term.
fn counts(path: &Path) -> Result<[u64; TERMS.len()]> {
    let failed = || Error::io("read", path);
    let mut reader = BufReader::with_capacity(1 << 20, fs::File::open(path).map_err(failed())?);
    let finders = TERMS.map(memmem::Finder::new);
    let mut counts = [0; TERMS.len()];
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(failed())? > 0 {
        for (count, finder) in counts.iter_mut().zip(&finders) {
            *count += u64::from(finder.find(&line).is_some());
        }
        line.clear();
    }
    Ok(counts)
}

fn check_spread(rows: &[Row]) -> Check {
    let compared = rows.iter().filter(|row| row.text_bytes >= COMPARED_FROM_BYTES).map(|row| row.nanoseconds_per_byte);
    let (low, high) = compared.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    // 0 without texts.
    let spread = high / low;
    let name =
        format!("a byte of any text from {} MiB takes at most {MAX_SPREAD} of any other's", COMPARED_FROM_BYTES >> 20);
    Check { name, ok: (1.0..=MAX_SPREAD).contains(&spread), detail: format!("{spread:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_once_per_term() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "a cat, a cat\ndog\nowl and dog\nnothing").unwrap();
        assert_eq!(counts(&path).unwrap(), [1, 2, 1]);
    }

    #[test]
    fn one_slow_text_fails_unless_it_is_small() {
        let row = |mib: u64, nanoseconds_per_byte| Row {
            text_by_budget: 1.0,
            text_bytes: mib << 20,
            seconds: 1.0,
            nanoseconds_per_byte,
            times_read: 1.0,
            peak_rss_mib: 1,
        };
        assert!(check_spread(&[row(16, 9.0), row(64, 1.0), row(1024, 1.09)]).ok);
        assert!(!check_spread(&[row(64, 1.0), row(1024, 1.11)]).ok);
        assert!(!check_spread(&[]).ok);
    }
}
