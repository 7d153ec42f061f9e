//! The progress line.

use std::sync::Arc;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use runtime::metrics::JobMetrics;
use runtime::physical::PhysicalPlan;

/// A line on standard error: source bytes read of all, rows, rate, what operators spill, accumulators.
pub(super) struct Progress {
    bar: ProgressBar,
    started: std::time::Instant,
    /// The name of each operator.
    names: Vec<Arc<str>>,
}

impl Progress {
    pub(super) fn new(plan: &PhysicalPlan) -> Self {
        let bar = ProgressBar::new(0);
        // The template is a constant; the default style is the honest fallback.
        if let Ok(style) = ProgressStyle::with_template("{bar:16} {percent:>3} %  {msg}  {elapsed}") {
            bar.set_style(style.progress_chars("━╸ "));
        }
        let names = plan.operators.iter().map(|operator| operator.origin.name.clone()).collect();
        Progress { bar, started: std::time::Instant::now(), names }
    }

    pub(super) fn show(&mut self, metrics: &JobMetrics, accumulated: &[(String, String)]) {
        let (bytes, rows) = (metrics.source_bytes.get(), metrics.source_rows.get());
        let seconds = self.started.elapsed().as_secs_f64().max(1e-3);
        let total = metrics.source_total_bytes.get();
        self.bar.set_length(total);
        self.bar.set_position(bytes);
        let accumulated: String = accumulated.iter().map(|(name, value)| format!(", {name} {value}")).collect();
        let (rounds, spilled) = (rounds(metrics), spilled(&self.names, metrics));
        self.bar.set_message(format!(
            "{} of {} read, {} rows, {}/s{rounds}{spilled}{accumulated}",
            HumanBytes(bytes),
            HumanBytes(total),
            HumanCount(rows),
            HumanBytes((bytes as f64 / seconds) as u64)
        ));
    }

    pub(super) fn clear(self) {
        self.bar.finish_and_clear();
    }
}

/// `, superstep 7 of 1,204 rows`: where loops are.
fn rounds(metrics: &JobMetrics) -> String {
    let begun = metrics.operators.iter().filter(|operator| operator.rounds.get() > 0);
    let said = begun.map(|operator| {
        format!(", superstep {} of {} rows", operator.rounds.get(), HumanCount(operator.round_rows.get()))
    });
    said.collect()
}

/// `, sort spills 1.2 GiB`: the operators that have spilled most, and what the others have.
fn spilled(names: &[Arc<str>], metrics: &JobMetrics) -> String {
    /// A line has no room for more.
    const MOST: usize = 2;
    let bytes = metrics.operators.iter().map(|operator| operator.spilled_bytes.get());
    let mut spilled: Vec<(u64, &str)> = bytes.zip(names).map(|(bytes, name)| (bytes, &**name)).collect();
    spilled.retain(|&(bytes, _)| bytes > 0);
    // Operators of one amount stay in the plan's order.
    spilled.sort_by_key(|&(bytes, _)| std::cmp::Reverse(bytes));
    let said = |&(bytes, name): &(u64, &str)| format!(", {name} spills {}", HumanBytes(bytes));
    let mut text: String = spilled.iter().take(MOST).map(said).collect();
    if let Some(others) = spilled.get(MOST..).filter(|others| !others.is_empty()) {
        let bytes = others.iter().map(|&(bytes, _)| bytes).sum();
        text.push_str(&format!(", {} more {}", others.len(), HumanBytes(bytes)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_that_spill_most_are_named() {
        let metrics = JobMetrics::new(5);
        let names = ["read", "sort", "pairs", "sum", "print"].map(Arc::from);
        assert_eq!(spilled(&names, &metrics), "");
        metrics.operators[1].spilled_bytes.add(3 << 20);
        assert_eq!(spilled(&names, &metrics), ", sort spills 3.00 MiB");
        metrics.operators[2].spilled_bytes.add(1 << 30);
        metrics.operators[3].spilled_bytes.add(1 << 20);
        assert_eq!(spilled(&names, &metrics), ", pairs spills 1.00 GiB, sort spills 3.00 MiB, 1 more 1.00 MiB");
    }
}
