//! A plan as a tree of text, for people.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use super::{count, counts, hints};
use crate::error::Mib;
use crate::metrics::{JobMetrics, OperatorCounts};
use crate::physical::{JoinRegion, OperatorInfo, OrderEstimate, PhysicalPlan};
use crate::plan::{Node, topological};
use crate::source::ColumnFit;
use crate::strategy::Ship;

/// The plan as text; with `metrics`, rows, bytes and time per operator, and, where there is any, what it kept in memory and on disk; with fields, what somebody reads of each operator's records, where
/// `price ← cost` is a field that is taken over unchanged.
#[must_use]
pub fn text(plan: &PhysicalPlan, metrics: Option<&JobMetrics>, shows_fields: bool) -> String {
    let mut lines = Vec::new();
    let mut seen = vec![false; plan.operators.len()];
    let mut read = vec![false; plan.operators.len()];
    plan.operators.iter().flat_map(|operator| &operator.inputs).for_each(|&(input, _)| read[input] = true);
    for root in (0..plan.operators.len()).filter(|&operator| !read[operator]) {
        tree(plan, root, &mut seen, &mut lines);
    }
    let mut text = render(plan, &lines, metrics, shows_fields);
    plan.join_regions
        .iter()
        .filter(|region| region.is_reordered())
        .for_each(|region| text.push_str(&reordered(plan, region)));
    metrics.into_iter().flat_map(|metrics| hints::wrong(plan, metrics)).for_each(|note| text.push_str(&note));
    text
}

/// Both orders of a region, below the tree.
fn reordered(plan: &PhysicalPlan, region: &JoinRegion) -> String {
    let order = |estimate: &OrderEstimate| {
        let (order, rows) = (estimate.order.text(&|identity| short_name(plan, identity)), count(estimate.rows));
        format!("{order}, about {rows} rows between the joins")
    };
    let (written, chosen) = (order(&region.written), order(&region.chosen));
    format!("\njoin order of {}\n  as written: {written}\n  now:        {chosen}\n", region.join)
}

/// What a relation is called: by its own name, or by the file that it is read from.
fn short_name(plan: &PhysicalPlan, identity: &str) -> String {
    let operator = plan.operators.iter().find(|operator| operator.identity == identity);
    let source = operator.filter(|operator| operator.inputs.is_empty() && operator.description.contains('/'));
    let tail = source.map_or(identity, |source| source.description.as_str());
    tail.rsplit('/').next().unwrap_or(tail).to_owned()
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
        text.push_str(&aligned(&table, 0..0));
    }
    text
}

/// One line of the tree: the drawing and the operator's words on the left, facts on the right.
struct Line {
    left: String,
    /// `None` for an operator that stands elsewhere already.
    operator: Option<usize>,
}

/// How deep a plan is drawn: what stands deeper is drawn as if it stood there.
const DEEPEST: usize = 100;

/// An operator that is still to be drawn.
struct Branch<'p> {
    operator: usize,
    ship: Option<&'p Ship>,
    /// What stands before its words, and before those of what it reads.
    indent: String,
    below: String,
    depth: usize,
}

fn tree(plan: &PhysicalPlan, root: usize, seen: &mut [bool], lines: &mut Vec<Line>) {
    let root = Branch { operator: root, ship: None, indent: String::new(), below: String::new(), depth: 0 };
    // An explicit stack: a plan may be deeper than the thread's.
    let mut open = vec![root];
    while let Some(Branch { operator, ship, indent, below, depth }) = open.pop() {
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
            continue;
        }
        lines.push(Line { left, operator: Some(operator) });
        let last = info.inputs.len();
        for (index, (input, ship)) in info.inputs.iter().enumerate().rev() {
            let (branch, rest) = if index + 1 < last { ("├─ ", "│  ") } else { ("└─ ", "   ") };
            let (indent, below) = if depth < DEEPEST {
                (format!("{below}{branch}"), format!("{below}{rest}"))
            } else {
                (indent.clone(), below.clone())
            };
            open.push(Branch { operator: shown(plan, *input), ship: Some(ship), indent, below, depth: depth + 1 });
        }
    }
}

/// The operator that stands for this one: where rows go past it, the one that they come from.
fn shown(plan: &PhysicalPlan, mut operator: usize) -> usize {
    while let Some(&(input, _)) =
        plan.operators[operator].inputs.first().filter(|_| plan.operators[operator].is_passed_by)
    {
        operator = input;
    }
    operator
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

/// What a column says of what an operator did.
type Says = fn(&OperatorInfo, &OperatorCounts) -> String;

/// The columns of what happened: numbers.
const NUMBERS: [(&str, Says); 4] = [
    ("rows", |info, counts| count(rows_of(info, counts) as f64)),
    ("bytes", |_, counts| bytes(counts.bytes)),
    ("time", |_, counts| duration(counts.busy_nanos)),
    ("memory", |_, counts| memory(counts)),
];

/// And words.
const WORDS: [(&str, Says); 2] =
    [("spilled", |_, counts| spilled(counts)), ("roles", |info, counts| reversal(info.tasks as u64, counts.reversals))];

fn render(plan: &PhysicalPlan, lines: &[Line], metrics: Option<&JobMetrics>, shows_fields: bool) -> String {
    let counts = metrics.map_or_else(Vec::new, |metrics| counts(plan, metrics));
    let says = |&(heading, says): &(&'static str, Says)| {
        let cells: Vec<String> = plan.operators.iter().zip(&counts).map(|(info, counts)| says(info, counts)).collect();
        // A column that has nothing to say is left out.
        cells.iter().any(|cell| !cell.is_empty()).then_some((heading, cells))
    };
    let mut numbers: Vec<(&str, Vec<String>)> = match metrics {
        None => vec![("rows, guessed", plan.operators.iter().map(|info| count(info.estimate.rows)).collect())],
        Some(_) => NUMBERS.iter().filter_map(says).collect(),
    };
    let number_columns = 2..3 + numbers.len();
    numbers.extend(WORDS.iter().filter(|_| metrics.is_some()).filter_map(says));
    let fields = shows_fields.then_some("fields that are read");
    let headings = ["operator", "how", "tasks"].into_iter().chain(numbers.iter().map(|&(heading, _)| heading));
    let mut table = vec![headings.chain(["line"]).chain(fields).map(str::to_owned).collect::<Vec<String>>()];
    for line in lines {
        let mut cells = vec![line.left.clone()];
        if let Some(operator) = line.operator {
            let info = &plan.operators[operator];
            cells.extend([info.strategy.clone(), info.tasks.to_string()]);
            cells.extend(numbers.iter().map(|(_, cells)| cells[operator].clone()));
            cells.push(format!("{}:{}", info.origin.file, info.origin.line));
            cells.extend(shows_fields.then(|| info.fields.clone()));
        }
        table.push(cells);
    }
    aligned(&table, number_columns)
}

/// What a sink gives is nothing: it shows what it took.
fn rows_of(info: &OperatorInfo, counts: &OperatorCounts) -> u64 {
    if info.estimate.row_bytes == 0.0 { counts.rows_in } else { counts.rows_out }
}

/// Bytes, where there are any.
fn bytes(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { Mib(bytes as usize).to_string() }
}

/// What an operator held, where it is worth a column: more than the buffers that files are written through, or not enough.
fn memory(counts: &OperatorCounts) -> String {
    const WORTH_SAYING: u64 = 16 << 20;
    let held = counts.memory_bytes;
    if held >= WORTH_SAYING || counts.spilled_bytes > 0 { bytes(held) } else { String::new() }
}

/// `1.2 GiB in 14 parts, 2 passes`.
fn spilled(counts: &OperatorCounts) -> String {
    let mut text = bytes(counts.spilled_bytes);
    match counts.spilled_parts {
        parts if text.is_empty() || parts == 0 => {}
        1 => text.push_str(" in 1 part"),
        parts => _ = write!(text, " in {parts} parts"),
    }
    // What is on disk is read again at least once.
    match counts.passes {
        passes if text.is_empty() || passes < 2 => {}
        passes => _ = write!(text, ", {passes} passes"),
    }
    text
}

/// Of a join, so many tasks of which built the other side than the plan says.
fn reversal(tasks: u64, reversals: u64) -> String {
    match reversals {
        0 => String::new(),
        _ if reversals == tasks => "reversed".to_owned(),
        _ => format!("reversed in {reversals} of {tasks} tasks"),
    }
}

/// The cells as columns. Numbers stand to the right, words to the left.
fn aligned(table: &[Vec<String>], numbers: Range<usize>) -> String {
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
                if numbers.contains(&column) { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

fn duration(nanos: u64) -> String {
    match nanos {
        0..10_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        10_000..10_000_000 => format!("{:.2} ms", nanos as f64 / 1e6),
        10_000_000..10_000_000_000 => format!("{:.0} ms", nanos as f64 / 1e6),
        _ => format!("{:.1} s", nanos as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversal_is_said_with_the_tasks_that_it_was_in() {
        assert_eq!([0, 1, 4].map(|reversals| reversal(4, reversals)), ["", "reversed in 1 of 4 tasks", "reversed"]);
    }

    #[test]
    fn only_what_is_worth_saying_is_said_of_memory_and_disk() {
        let mut counts = OperatorCounts { memory_bytes: 2 << 20, passes: 1, ..OperatorCounts::default() };
        assert_eq!((memory(&counts), spilled(&counts)), (String::new(), String::new()));
        counts.spilled_bytes = 5 << 20;
        assert_eq!((memory(&counts), spilled(&counts)), ("2.0 MiB".to_owned(), "5.0 MiB".to_owned()));
        counts.spilled_parts = 1;
        assert_eq!(spilled(&counts), "5.0 MiB in 1 part");
        (counts.spilled_parts, counts.passes) = (14, 2);
        assert_eq!(spilled(&counts), "5.0 MiB in 14 parts, 2 passes");
        let roomy = OperatorCounts { memory_bytes: 16 << 20, ..OperatorCounts::default() };
        assert_eq!((memory(&roomy), spilled(&roomy)), ("16.0 MiB".to_owned(), String::new()));
    }
}
