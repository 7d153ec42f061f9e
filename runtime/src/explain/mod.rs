//! EXPLAIN: a plan before a run with estimates, after it with what really happened; as text for people, as JSON for tools, and as a page to look at.

mod as_json;
mod hints;
mod layout;
mod page;
mod text;

use crate::metrics::{JobMetrics, OperatorCounts};
use crate::physical::PhysicalPlan;

pub use as_json::json;
pub use page::html;
pub use text::{schemas, text};

/// What each operator has counted. Nobody counts where flows become one: nothing happens to records there, so as many come and go as those before it gave.
fn counts(plan: &PhysicalPlan, metrics: &JobMetrics) -> Vec<OperatorCounts> {
    let mut counts: Vec<OperatorCounts> = metrics.counts().collect();
    for (at, info) in plan.operators.iter().enumerate().filter(|(_, info)| info.strategy.is_empty()) {
        if let [_, _, ..] = info.inputs[..] {
            let rows = info.inputs.iter().filter_map(|&(input, _)| counts.get(input)).map(|input| input.rows_out).sum();
            (counts[at].rows_in, counts[at].rows_out) = (rows, rows);
        }
    }
    counts
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
