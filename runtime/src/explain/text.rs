//! A plan as a tree of text.

mod frames;

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use super::{count, counts, hints};
use crate::error::Mib;
use crate::metrics::{JobMetrics, OperatorCounts};
use crate::physical::{InputOf, JoinRegion, LoopPart, OperatorInfo, OrderEstimate, PhysicalPlan};
use crate::plan::{Endpoint, Node, topological};
use crate::source::ColumnFit;
use crate::strategy::Ship;

/// The plan as text. With `metrics`: rows, bytes and time of each operator, and the bytes that it
/// kept in memory and on disk. With `shows_fields`: the fields that are read of each operator's
/// records. `price ← cost` is an unchanged copy.
#[must_use]
pub fn text(plan: &PhysicalPlan, metrics: Option<&JobMetrics>, shows_fields: bool) -> String {
    let mut lines = Vec::new();
    let mut seen = vec![false; plan.operators.len()];
    let mut read = vec![false; plan.operators.len()];
    plan.operators.iter().flat_map(|operator| &operator.inputs).for_each(|&(input, _)| read[input] = true);
    for root in (0..plan.operators.len()).filter(|&operator| !read[operator]) {
        tree(plan, root, &mut seen, &mut lines);
    }
    frames::draw(plan, &mut lines);
    let mut text = render(plan, &lines, metrics, shows_fields);
    plan.join_regions
        .iter()
        .filter(|region| region.is_reordered())
        .for_each(|region| text.push_str(&reordered(plan, region)));
    metrics.into_iter().flat_map(|metrics| hints::wrong(plan, metrics)).for_each(|note| text.push_str(&note));
    text
}

/// The two orders of a region, which follow the tree.
fn reordered(plan: &PhysicalPlan, region: &JoinRegion) -> String {
    let order = |estimate: &OrderEstimate| {
        let (order, rows) = (estimate.order.text(&|identity| short_name(plan, identity)), count(estimate.rows));
        format!("{order}, about {rows} rows between the joins")
    };
    let (written, chosen) = (order(&region.written), order(&region.chosen));
    format!("\njoin order of {}\n  as written: {written}\n  now:        {chosen}\n", region.join)
}

/// The name of a relation: its own, or that of the file that it is read from.
fn short_name(plan: &PhysicalPlan, identity: &str) -> String {
    let operator = plan.operators.iter().find(|operator| operator.identity == identity);
    let source = operator.filter(|operator| operator.inputs.is_empty() && operator.description.contains('/'));
    let tail = source.map_or(identity, |source| source.description.as_str());
    tail.rsplit('/').next().unwrap_or(tail).to_owned()
}

/// The schemas of files that are read and written: each source and sink with its fields and their
/// columns.
#[must_use]
pub fn schemas(sinks: &[Arc<Node>]) -> String {
    let mut text = String::new();
    for node in topological(sinks) {
        let columns = node.operator.as_endpoint().map_or_else(Vec::new, Endpoint::columns);
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

/// One line of the tree: the drawing and the operator's title on the left, facts on the right.
struct Line {
    /// Frames of loops.
    frame: String,
    /// Branches of the tree, exchange, name and description.
    left: String,
    operator: usize,
    /// The input that the line represents. `None` for a root.
    edge: Option<InputOf>,
    /// Whether the operator has a line above, which has its facts.
    is_repeated: bool,
}

/// The maximum depth of a drawn plan. Deeper operators are drawn at this depth.
const MAX_DEPTH: usize = 100;

/// An operator that is not drawn yet.
struct Branch<'p> {
    operator: usize,
    edge: Option<(InputOf, &'p Ship)>,
    /// The text before its title. `below` is the text before the titles of its inputs.
    indent: String,
    below: String,
    depth: usize,
}

fn tree(plan: &PhysicalPlan, root: usize, seen: &mut [bool], lines: &mut Vec<Line>) {
    let root = Branch { operator: root, edge: None, indent: String::new(), below: String::new(), depth: 0 };
    // The stack is explicit: a plan may be deeper than the thread's stack.
    let mut open = vec![root];
    while let Some(Branch { operator, edge, indent, below, depth }) = open.pop() {
        let info = &plan.operators[operator];
        let shipped = match edge {
            None | Some((_, Ship::Forward)) => String::new(),
            Some((_, ship)) => format!("{ship}: "),
        };
        let is_repeated = std::mem::replace(&mut seen[operator], true);
        let note = if is_repeated { " (shared, see above)" } else { "" };
        let left = format!("{indent}{shipped}{}{note}", title(info));
        lines.push(Line { frame: String::new(), left, operator, edge: edge.map(|(edge, _)| edge), is_repeated });
        if is_repeated {
            continue;
        }
        let last = info.inputs.len();
        for (index, (input, ship)) in info.inputs.iter().enumerate().rev() {
            let (branch, rest) = if index + 1 < last { ("├─ ", "│  ") } else { ("└─ ", "   ") };
            let (indent, below) = if depth < MAX_DEPTH {
                (format!("{below}{branch}"), format!("{below}{rest}"))
            } else {
                (indent.clone(), below.clone())
            };
            let edge = Some(((operator, index), ship));
            open.push(Branch { operator: shown(plan, *input), edge, indent, below, depth: depth + 1 });
        }
    }
}

/// The operator that is drawn for this one: its input if it is left out.
fn shown(plan: &PhysicalPlan, mut operator: usize) -> usize {
    while let Some(&(input, _)) =
        plan.operators[operator].inputs.first().filter(|_| plan.operators[operator].is_left_out)
    {
        operator = input;
    }
    operator
}

/// The title of an operator: `open: filter`.
fn title(info: &OperatorInfo) -> String {
    let description = shortened(&info.description, 120);
    // A name that is one of the operator's own words adds nothing.
    let is_named = !info.origin.operator.split(" → ").any(|word| word == &*info.origin.name);
    if is_named { format!("{}: {description}", info.origin.name) } else { description }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

/// The number of characters of an operator's closures that are always shown. A longer text ends
/// with the column.
const TEXT_CHARS: usize = 56;

/// The column of operators: the drawing and titles, each with the text of its closures as far as it
/// fits in the column.
fn operator_column(plan: &PhysicalPlan, lines: &[Line]) -> Vec<String> {
    let text = |line: &Line| if line.is_repeated { "" } else { &*plan.operators[line.operator].text };
    let chars = |text: &str| text.chars().count();
    let before_text = |line: &Line| chars(&line.frame) + chars(&line.left) + 2;
    let width = |line: &Line| before_text(line) + chars(text(line)).min(TEXT_CHARS);
    let widest = lines.iter().map(width).max().unwrap_or(0);
    let cell = |line: &Line| match text(line) {
        "" => format!("{}{}", line.frame, line.left),
        text => format!("{}{}  {}", line.frame, line.left, shortened(text, widest - before_text(line))),
    };
    lines.iter().map(cell).collect()
}

/// The text of a column for an operator's counts.
type CellText = fn(&OperatorInfo, &OperatorCounts) -> String;

/// The columns of numbers.
const NUMBERS: [(&str, CellText); 4] = [
    ("rows", |info, counts| rows(rows_of(info, counts) as f64, info, counts.rounds)),
    ("bytes", |_, counts| bytes(counts.bytes)),
    ("time", |_, counts| duration(counts.busy_nanos)),
    ("memory", |_, counts| memory(counts)),
];

/// The columns of words.
const WORDS: [(&str, CellText); 2] =
    [("spilled", |_, counts| spilled(counts)), ("roles", |info, counts| reversal(info.tasks as u64, counts.reversals))];

fn render(plan: &PhysicalPlan, lines: &[Line], metrics: Option<&JobMetrics>, shows_fields: bool) -> String {
    let (columns, numbers) = columns(plan, lines, metrics);
    let number_columns = 2..3 + numbers;
    let fields = shows_fields.then_some("fields read");
    let frame = lines.first().map_or(0, |line| line.frame.chars().count());
    let operator = format!("{}operator", " ".repeat(frame));
    let headings = [&*operator, "strategy", "tasks"].into_iter().chain(columns.iter().map(|&(heading, _)| heading));
    let mut table = vec![headings.chain(["line"]).chain(fields).map(str::to_owned).collect::<Vec<String>>()];
    for (number, (line, left)) in lines.iter().zip(operator_column(plan, lines)).enumerate() {
        let info = &plan.operators[line.operator];
        let facts = [info.strategy.clone(), info.tasks.to_string()];
        let place = format!("{}:{}", info.origin.file, info.origin.line);
        let mut cells = vec![left];
        cells.extend(facts.map(|fact| if line.is_repeated { String::new() } else { fact }));
        cells.extend(columns.iter().map(|(_, cells)| cells[number].clone()));
        if !line.is_repeated {
            cells.push(place);
            cells.extend(shows_fields.then(|| info.fields.clone()));
        }
        table.push(cells);
    }
    aligned(&table, number_columns)
}

/// A heading, and a cell for each line.
type Column = (&'static str, Vec<String>);

/// The columns that have any text, and the number of numeric columns. These come first.
fn columns(plan: &PhysicalPlan, lines: &[Line], metrics: Option<&JobMetrics>) -> (Vec<Column>, usize) {
    let has_cells = |(_, cells): &Column| cells.iter().any(|cell| !cell.is_empty());
    let column = |heading, cell: &dyn Fn(&Line) -> String| (heading, lines.iter().map(cell).collect());
    let of_operators = |heading, text_of: &dyn Fn(usize) -> String| {
        column(heading, &|line| if line.is_repeated { String::new() } else { text_of(line.operator) })
    };
    let Some(metrics) = metrics else {
        let estimates = of_operators("estimated rows", &|operator| estimated(&plan.operators[operator]));
        let columns: Vec<Column> = [estimates].into_iter().filter(has_cells).collect();
        let numbers = columns.len();
        return (columns, numbers);
    };
    let counts = counts(plan, metrics);
    let of_counts = |&(heading, text_of): &(&'static str, CellText)| {
        let cell =
            |operator| counts.get(operator).map_or_else(String::new, |of| text_of(&plan.operators[operator], of));
        of_operators(heading, &cell)
    };
    let filtered = column("filtered", &|line| {
        let removed = line.edge.map(|(reader, input)| metrics.removed_rows(reader, input)).filter(|&rows| rows > 0);
        removed.map_or_else(String::new, |rows| format!("−{}", count(rows as f64)))
    });
    let mut columns: Vec<Column> = NUMBERS.iter().map(of_counts).collect();
    columns.insert(1, filtered);
    columns.retain(has_cells);
    let numbers = columns.len();
    columns.extend(WORDS.iter().map(of_counts).filter(has_cells));
    (columns, numbers)
}

/// The rows of an operator. In a loop, the rounds and the mean per round: `10 × 2.0 k`.
fn rows(rows: f64, info: &OperatorInfo, rounds: u64) -> String {
    if !runs_in_rounds(info) || rounds == 0 {
        return count(rows);
    }
    let of_round = rows / rounds as f64;
    let of_round = if of_round < 10.0 && of_round.fract() > 0.0 { format!("{of_round:.1}") } else { count(of_round) };
    format!("{rounds} × {of_round}")
}

/// The estimated rows of an operator. In a loop, those of one round.
fn estimated(info: &OperatorInfo) -> String {
    let rows = count(info.estimate.rows);
    if runs_in_rounds(info) { format!("{rows} a round") } else { rows }
}

/// Returns `true` if an operator counts the rows of all rounds.
fn runs_in_rounds(info: &OperatorInfo) -> bool {
    info.in_loop.is_some_and(|member| member.part != LoopPart::End)
}

/// The rows of an operator: those that it emits, or those that a sink receives.
fn rows_of(info: &OperatorInfo, counts: &OperatorCounts) -> u64 {
    if info.estimate.row_bytes == 0.0 { counts.rows_in } else { counts.rows_out }
}

/// A number of bytes. Empty for 0.
fn bytes(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { Mib(bytes as usize).to_string() }
}

/// The memory that an operator held. Shown if it is more than the buffers of files, or if the
/// operator spilled.
fn memory(counts: &OperatorCounts) -> String {
    const MIN_SHOWN_BYTES: u64 = 16 << 20;
    let held = counts.memory_bytes;
    if held >= MIN_SHOWN_BYTES || counts.spilled_bytes > 0 { bytes(held) } else { String::new() }
}

/// The spilled bytes: `1.2 GiB in 14 parts, 2 passes`.
fn spilled(counts: &OperatorCounts) -> String {
    let mut text = bytes(counts.spilled_bytes);
    match counts.spilled_parts {
        parts if text.is_empty() || parts == 0 => {}
        1 => text.push_str(" in 1 part"),
        parts => _ = write!(text, " in {parts} parts"),
    }
    // Spilled rows are read again at least once.
    match counts.passes {
        passes if text.is_empty() || passes < 2 => {}
        passes => _ = write!(text, ", {passes} passes"),
    }
    text
}

/// The number of tasks of a join that built the other side than planned.
fn reversal(tasks: u64, reversals: u64) -> String {
    match reversals {
        0 => String::new(),
        _ if reversals == tasks => "reversed".to_owned(),
        _ => format!("reversed in {reversals} of {tasks} tasks"),
    }
}

/// Aligns cells in columns: numbers right, words left.
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
    fn a_reversal_is_shown_with_its_tasks() {
        assert_eq!([0, 1, 4].map(|reversals| reversal(4, reversals)), ["", "reversed in 1 of 4 tasks", "reversed"]);
    }

    #[test]
    fn small_memory_and_disk_are_not_shown() {
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
