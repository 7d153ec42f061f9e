//! Each case's curves as a figure and a table. A case can be measured alone in a third of the time,
//! so it has its own page.

use std::fs;

use super::CASES;
use super::ample::{Ample, RUNS};
use super::point::{Point, shares};
use crate::error::{Error, Result};
use crate::plot::{Axis, Figure, Panel, Series, Stroke, fraction_text};
use crate::workspace::{TableSize, Workspace};

/// Each system and its colour, distinguishable with colour blindness. The last one is drawn on top.
const COLORS: [(&str, &str); 4] =
    [("polars", "#cc79a7"), ("datafusion", "#009e73"), ("duckdb", "#0072b2"), ("ours", "#d55e00")];

const DISK_COLOR: &str = "#777777";

/// Writes `docs/figures/cliff_<case>.svg` and `docs/figures/cliff_<case>.md` for each measured
/// case.
pub(super) fn draw(
    workspace: &Workspace,
    points: &[Point],
    size: TableSize,
    ample: &Ample,
    parallelism: usize,
) -> Result<()> {
    let figures = workspace.figures();
    for case in CASES {
        let Some(panel) = panel(case, points) else { continue };
        let runs = points.iter().filter(|point| point.case == case).map(|point| point.runs).max();
        let runs = match runs {
            Some(1) | None => "one run".to_owned(),
            Some(runs) => format!("up to {runs} runs"),
        };
        let note = format!(
            "{:.1} M rows of 16 bytes ({} MiB), {parallelism} threads, a point is the quickest of {runs}",
            size.rows as f64 / 1e6,
            size.bytes() >> 20
        );
        let title = format!("Seconds of a {case} as memory gets smaller than the data");
        let file = |extension| figures.join(format!("cliff_{case}")).with_extension(extension);
        Figure { title, note: note.clone(), panels: vec![panel] }.write(&file("svg"))?;
        let text = format!("{}{}", table(case, points, &note), ample_table(case, ample));
        let path = file("md");
        fs::write(&path, text).map_err(Error::io("write", &path))?;
        println!("table: {}", path.display());
    }
    Ok(())
}

fn panel(case: &str, points: &[Point]) -> Option<Panel> {
    let of_case: Vec<&Point> = points.iter().filter(|point| point.case == case).collect();
    let systems = COLORS.iter().filter_map(|(system, color)| series(system, color, &of_case));
    let series: Vec<Series> = disk_series(&of_case).into_iter().chain(systems).collect();
    if series.is_empty() {
        return None;
    }
    let seconds = series.iter().flat_map(|series| series.points.iter().map(|(_, seconds)| *seconds));
    let y = Axis::decimal("seconds", seconds);
    let x = Axis::binary("memory / size of the data", shares(), fraction_text).falling();
    Some(Panel { title: String::new(), x, y, series })
}

fn series(system: &str, color: &'static str, of_case: &[&Point]) -> Option<Series> {
    let own: Vec<&&Point> = of_case.iter().filter(|point| point.system == system).collect();
    let first = own.first()?;
    let (name, stroke) = match (system, first.memory_share) {
        ("ours", _) => (system.to_owned(), Stroke::Strong),
        (_, Some(_)) => (system.to_owned(), Stroke::Plain),
        (_, None) => (format!("{system}, without a limit"), Stroke::Across),
    };
    let share = |point: &Point| point.memory_share.unwrap_or(1.0);
    let points = own.iter().filter_map(|point| Some((share(point), point.seconds?))).collect();
    let failed_at = own.iter().filter(|point| point.failure.is_some()).map(|point| share(point)).collect();
    Some(Series { name, color, stroke, points, failed_at })
}

/// The disk's time for the bytes that our engine spilled.
fn disk_series(of_case: &[&Point]) -> Option<Series> {
    let ours = of_case.iter().filter(|point| point.system == "ours");
    let points: Vec<_> = ours.filter_map(|point| Some((point.memory_share?, point.disk_seconds?))).collect();
    let name = "disk alone".to_owned();
    let series = Series { name, color: DISK_COLOR, stroke: Stroke::Dotted, points, failed_at: Vec::new() };
    (!series.points.is_empty()).then_some(series)
}

fn table(case: &str, points: &[Point], note: &str) -> String {
    let of_case: Vec<&Point> = points.iter().filter(|point| point.case == case).collect();
    let systems: Vec<&str> = COLORS.iter().rev().map(|(system, _)| *system).collect();
    let present = |system: &&str| of_case.iter().any(|point| point.system == *system);
    let systems: Vec<&str> = systems.into_iter().filter(present).collect();
    let mut text = format!("# A {case} as memory gets smaller than the data\n\n{note}.\n\n");
    text += &format!(
        "`cargo run --release -p benches -- cliff --cases {case}` makes this page and its figure. Each run is a process of its own; a \
         cell has seconds, the peak of the process's memory, and what it wrote to files. The disk \
         alone is what direct I/O takes to write and read as much as ours wrote.\n\n"
    );
    text += &format!("![Seconds of a {case} by memory](cliff_{case}.svg)\n");
    text += &format!("\n| memory | {} | disk alone |\n", systems.join(" | "));
    text += &format!("|---:|{}---:|\n", "---:|".repeat(systems.len()));
    let mut limits: Vec<Option<u64>> = of_case.iter().map(|point| point.memory_mib).collect();
    limits.dedup();
    for limit in limits {
        let at_limit: Vec<&Point> = of_case.iter().filter(|point| point.memory_mib == limit).copied().collect();
        let name = limit.map_or_else(|| "no limit".to_owned(), |mib| format!("{mib} MiB"));
        let cells: Vec<String> = systems.iter().map(|system| cell(&at_limit, system)).collect();
        let ours = at_limit.iter().find(|point| point.system == "ours");
        let disk = ours.and_then(|point| point.disk_seconds).map(|seconds| format!("{seconds:.2} s"));
        text += &format!("| {name} | {} | {} |\n", cells.join(" | "), disk.unwrap_or_default());
    }
    text
}

fn cell(points: &[&Point], system: &str) -> String {
    let Some(point) = points.iter().find(|point| point.system == system) else { return String::new() };
    let Some(seconds) = point.seconds else { return "failed".to_owned() };
    let peak = point.peak_rss_mib.map(|mib| format!(", {mib} MiB")).unwrap_or_default();
    let written = if point.written_mib > 0 { format!(", wrote {} MiB", point.written_mib) } else { String::new() };
    format!("{seconds:.2} s{peak}{written}")
}

fn ample_table(case: &str, ample: &Ample) -> String {
    let of_case = || ample.measured.iter().filter(|found| found.case == case);
    if of_case().next().is_none() {
        return String::new();
    }
    let size = ample.size;
    let mut text = format!(
        "\n## Ample memory\n\n{:.0} M rows, {:.0} M keys, Parquet; the median of {RUNS} runs, and the peak of the process's memory.\n\n\
         | system | seconds | peak | ours / system |\n|---|---:|---:|---:|\n",
        size.rows as f64 / 1e6,
        size.ids as f64 / 1e6
    );
    let ours = of_case().find(|found| found.system == "ours");
    for found in of_case() {
        let ratio = ours.map(|ours| format!("{:.2}", ours.seconds.median / found.seconds.median)).unwrap_or_default();
        let (system, seconds, peak) = (found.system, found.seconds.median, found.peak_rss_mib);
        text += &format!("| {system} | {seconds:.2} | {peak} MiB | {ratio} |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(system: &'static str, memory_share: Option<f64>, seconds: Option<f64>) -> Point {
        match seconds {
            Some(seconds) => Point::answered(system, memory_share, seconds),
            None => Point {
                seconds: None,
                failure: Some("no memory".to_owned()),
                ..Point::answered(system, memory_share, 1.0)
            },
        }
    }

    fn points() -> Vec<Point> {
        vec![
            point("ours", Some(2.0), Some(1.0)),
            point("duckdb", Some(2.0), Some(1.5)),
            point("ours", Some(0.5), Some(2.0)),
            point("duckdb", Some(0.5), None),
            point("polars", None, Some(0.5)),
        ]
    }

    #[test]
    fn a_panel_has_a_curve_per_system_and_the_disk() {
        let panel = panel("sort", &points()).unwrap();
        let curves: Vec<_> = panel.series.iter().map(|series| (series.stroke, series.points.len())).collect();
        assert_eq!(curves, [(Stroke::Dotted, 2), (Stroke::Across, 1), (Stroke::Plain, 1), (Stroke::Strong, 2)]);
        assert_eq!(panel.series[2].failed_at, [0.5]);
        assert_eq!(super::panel("join", &points()), None);
    }

    #[test]
    fn the_table_has_a_line_for_each_limit() {
        let table = table("sort", &points(), "on a machine");
        let lines: Vec<_> = table.lines().skip_while(|line| !line.starts_with("| 128 MiB")).collect();
        let written = "80 MiB, wrote 12 MiB";
        assert_eq!(lines[0], format!("| 128 MiB | 1.00 s, {written} | 1.50 s, {written} |  | 0.50 s |"));
        assert_eq!(lines[1], format!("| 32 MiB | 2.00 s, {written} | failed |  | 1.00 s |"));
        assert_eq!(lines[2], format!("| no limit |  |  | 0.50 s, {written} |  |"));
    }
}
