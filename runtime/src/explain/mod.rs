//! EXPLAIN: a plan with its estimates before a run, and with its counts after it. As text, as JSON,
//! and as an HTML page.

mod as_json;
mod hints;
mod layout;
mod page;
mod text;

use crate::metrics::{JobMetrics, OperatorCounts};
use crate::physical::{LoopPart, OperatorInfo, PhysicalPlan};

pub use as_json::json;
pub use page::html;
pub use text::{schemas, text};

/// The counts of each operator. A union has no driver that counts, so its rows are those of its
/// inputs. An operator in a loop has the rounds of the loop's beginning.
fn counts(plan: &PhysicalPlan, metrics: &JobMetrics) -> Vec<OperatorCounts> {
    let mut counts: Vec<OperatorCounts> = metrics.counts().collect();
    for (at, info) in plan.operators.iter().enumerate() {
        if let Some(member) = info.in_loop {
            counts[at].rounds = counts.get(member.begin).map_or(0, |begin| begin.rounds);
        }
        if is_union(info) {
            let rows = info.inputs.iter().filter_map(|&(input, _)| counts.get(input)).map(|input| input.rows_out).sum();
            (counts[at].rows_in, counts[at].rows_out) = (rows, rows);
        }
    }
    counts
}

fn is_union(info: &OperatorInfo) -> bool {
    let ends_loop = info.in_loop.is_some_and(|member| member.part == LoopPart::End);
    info.strategy.is_empty() && info.inputs.len() > 1 && !ends_loop
}

/// A rounded number with a unit: `1.50 M`.
fn count(number: f64) -> String {
    match number {
        n if n >= 1e9 => format!("{:.2} G", n / 1e9),
        n if n >= 999_500.0 => format!("{:.2} M", n / 1e6),
        n if n >= 1e5 => format!("{:.0} k", n / 1e3),
        n if n >= 1e4 => format!("{:.1} k", n / 1e3),
        n => format!("{n:.0}"),
    }
}
