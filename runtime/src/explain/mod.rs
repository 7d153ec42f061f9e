//! EXPLAIN: the plan as a tree of text, before a run with estimates, after it with what really happened.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::error::Mib;
use crate::metrics::JobMetrics;
use crate::physical::{OperatorInfo, PhysicalPlan};
use crate::plan::{Node, topological};
use crate::source::ColumnFit;
use crate::strategy::Ship;

/// The plan as text; with `metrics`, rows, bytes and time per operator; with fields, what somebody reads of each operator's records, where
/// `price ← cost` is a field that is taken over unchanged.
#[must_use]
pub fn text(plan: &PhysicalPlan, metrics: Option<&JobMetrics>, shows_fields: bool) -> String {
    let mut lines = Vec::new();
    let mut seen = vec![false; plan.operators.len()];
    let mut read = vec![false; plan.operators.len()];
    plan.operators.iter().flat_map(|operator| &operator.inputs).for_each(|&(input, _)| read[input] = true);
    for root in (0..plan.operators.len()).filter(|&operator| !read[operator]) {
        tree(plan, root, None, String::new(), String::new(), &mut seen, &mut lines);
    }
    render(plan, &lines, metrics, shows_fields)
}

/// What is read from files and written to them: each source and sink with its fields beside the columns.
#[must_use]
pub fn schemas(sinks: &[Arc<Node>]) -> String {
    let mut text = String::new();
    for node in topological(sinks) {
        let columns = node.operator.columns();
        if columns.is_empty() {
            continue;
        }
        let (origin, details) = (&node.origin, node.operator.details());
        let _ = writeln!(text, "{} {details}, at {}:{}", node.operator.name(), origin.file, origin.line);
        let heading = ["  field", "column", "found"].map(str::to_owned).to_vec();
        let row = |fit: ColumnFit| vec![format!("  {}", fit.field), fit.column, fit.found];
        let table: Vec<_> = std::iter::once(heading).chain(columns.into_iter().map(row)).collect();
        text.push_str(&aligned(&table, 0));
    }
    text
}

/// One line of the tree: the drawing and the operator's words on the left, facts on the right.
struct Line {
    left: String,
    /// `None` for an operator that stands elsewhere already.
    operator: Option<usize>,
}

fn tree(
    plan: &PhysicalPlan,
    operator: usize,
    ship: Option<&Ship>,
    indent: String,
    below: String,
    seen: &mut [bool],
    lines: &mut Vec<Line>,
) {
    let info = &plan.operators[operator];
    let shipped = match ship {
        None | Some(Ship::Forward) => String::new(),
        Some(ship) => format!("{ship}: "),
    };
    let again = std::mem::replace(&mut seen[operator], true);
    let mut left = format!("{indent}{shipped}{}", title(info));
    if again {
        left.push_str(" (shared, see above)");
        lines.push(Line { left, operator: None });
        return;
    }
    lines.push(Line { left, operator: Some(operator) });
    let last = info.inputs.len();
    for (index, (input, ship)) in info.inputs.iter().enumerate() {
        let (branch, rest) = if index + 1 < last { ("├─ ", "│  ") } else { ("└─ ", "   ") };
        tree(plan, *input, Some(ship), format!("{below}{branch}"), format!("{below}{rest}"), seen, lines);
    }
}

/// `open: filter  o.orderdate < day`.
fn title(info: &OperatorInfo) -> String {
    let mut title = String::new();
    // A name that is one of the operator's own words says nothing more.
    if !info.origin.operator.split(" → ").any(|word| word == &*info.origin.name) {
        let _ = write!(title, "{}: ", info.origin.name);
    }
    title.push_str(&shortened(&info.description, 120));
    if !info.text.is_empty() {
        let _ = write!(title, "  {}", shortened(&info.text, 56));
    }
    title
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

fn render(plan: &PhysicalPlan, lines: &[Line], metrics: Option<&JobMetrics>, shows_fields: bool) -> String {
    let headings: &[&str] = match metrics {
        None => &["operator", "how", "tasks", "rows, guessed", "line"],
        Some(_) => &["operator", "how", "tasks", "rows", "bytes", "time", "line"],
    };
    let fields = shows_fields.then_some("fields that are read");
    let mut table = vec![headings.iter().copied().chain(fields).map(str::to_owned).collect::<Vec<String>>()];
    for line in lines {
        let mut cells = vec![line.left.clone()];
        if let Some(operator) = line.operator {
            let info = &plan.operators[operator];
            cells.extend([info.strategy.clone(), info.tasks.to_string()]);
            match metrics.and_then(|metrics| metrics.operators.get(operator)) {
                None => cells.push(count(info.estimate.rows)),
                Some(metrics) => cells.extend([
                    count(rows_of(info, metrics) as f64),
                    match metrics.bytes.get() {
                        0 => String::new(),
                        bytes => Mib(bytes as usize).to_string(),
                    },
                    duration(metrics.busy_nanos.get()),
                ]),
            }
            cells.push(format!("{}:{}", info.origin.file, info.origin.line));
            cells.extend(shows_fields.then(|| info.fields.clone()));
        }
        table.push(cells);
    }
    aligned(&table, headings.len())
}

/// What a sink gives is nothing: it shows what it took.
fn rows_of(info: &OperatorInfo, metrics: &crate::metrics::OperatorMetrics) -> u64 {
    if info.estimate.row_bytes == 0.0 { metrics.rows_in.get() } else { metrics.rows_out.get() }
}

/// The cells as columns. Words stand to the left: those of the first two columns, and from the last of `numbers` columns on.
fn aligned(table: &[Vec<String>], numbers: usize) -> String {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in table {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let pad = " ".repeat(widths[column] - cell.chars().count());
                if column < 2 || column + 1 >= numbers { format!("{cell}{pad}") } else { format!("{pad}{cell}") }
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

/// A number as people read it: `1.50 M`.
fn count(number: f64) -> String {
    match number {
        n if n >= 1e9 => format!("{:.2} G", n / 1e9),
        n if n >= 999_500.0 => format!("{:.2} M", n / 1e6),
        n if n >= 1e5 => format!("{:.0} k", n / 1e3),
        n if n >= 1e4 => format!("{:.1} k", n / 1e3),
        n => format!("{n:.0}"),
    }
}

fn duration(nanos: u64) -> String {
    match nanos {
        0..10_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        10_000..10_000_000 => format!("{:.2} ms", nanos as f64 / 1e6),
        10_000_000..10_000_000_000 => format!("{:.0} ms", nanos as f64 / 1e6),
        _ => format!("{:.1} s", nanos as f64 / 1e9),
    }
}
