//! The summary for readers: the engine's times compared with each peer's, from the results of the
//! suites, as a figure, as a page, and in the README.

mod page;
mod picture;
mod ratios;

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::harness::Report;
use crate::workspace::Workspace;

use ratios::Comparison;

/// A suite in the summary, with its title for readers.
struct SummarySuite {
    suite: &'static str,
    /// The work and its data.
    title: &'static str,
    /// Selects the cases that count.
    counts: fn(&str) -> bool,
}

/// The suites in the order of the figure.
const SUMMARY_SUITES: [SummarySuite; 4] = [
    SummarySuite { suite: "tpch", title: "TPC-H, 22 queries", counts: |_| true },
    // Cases with nulls and with skewed keys are separate, and have an underscore in their names.
    SummarySuite { suite: "h2o", title: "db-benchmark, 15 groupings and joins", counts: |case| !case.contains('_') },
    SummarySuite { suite: "word_count", title: "count words", counts: |_| true },
    SummarySuite { suite: "sort", title: "sort pairs", counts: |case| case == "ample" },
];

/// Writes `docs/figures/summary.svg`, `docs/figures/summary.md` and the README's table from the
/// existing results of the suites.
///
/// # Errors
/// Fails if there are no results, if they are of different commits or peers, or if a file cannot be
/// read or written.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut reports = Vec::new();
    for shown in &SUMMARY_SUITES {
        let path = workspace.output().join(shown.suite).with_extension("json");
        if path.exists() {
            reports.push((shown, read(&path)?));
        }
    }
    let Some((_, first)) = reports.first() else {
        return Err(Error::NoResults { folder: workspace.output() });
    };
    let provenance = first.provenance.clone();
    if let Some((shown, _)) = reports.iter().find(|(_, report)| {
        report.provenance.versions != provenance.versions || report.provenance.commit != provenance.commit
    }) {
        return Err(Error::MixedResults { first: SUMMARY_SUITES[0].suite.to_owned(), other: shown.suite.to_owned() });
    }
    let comparisons: Vec<Comparison> =
        reports.iter().map(|(shown, report)| Comparison::of(shown.title, report, shown.counts)).collect();
    let figures = workspace.figures();
    picture::draw(&comparisons, &provenance, &figures.join("summary.svg"))?;
    page::write(&comparisons, &provenance, &figures.join("summary.md"))?;
    page::update_readme(&comparisons, &provenance, &workspace.member("README.md"))
}

fn read(path: &Path) -> Result<Report> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|source| Error::Results { path: path.to_owned(), source })
}
