//! The progress line.

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use runtime::metrics::JobMetrics;

/// A line on standard error: source bytes read of all, rows, rate, accumulators.
pub(super) struct Progress {
    bar: ProgressBar,
    started: std::time::Instant,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        // The template is a constant; the default style is the honest fallback.
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {elapsed}") {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Progress { bar, started: std::time::Instant::now() }
    }

    pub(super) fn show(&mut self, metrics: &JobMetrics, accumulated: &[(String, String)]) {
        let (bytes, rows) = (metrics.source_bytes.get(), metrics.source_rows.get());
        let seconds = self.started.elapsed().as_secs_f64().max(1e-3);
        let total = metrics.source_total_bytes.get();
        self.bar.set_length(total);
        self.bar.set_position(bytes);
        let accumulated: String = accumulated.iter().map(|(name, value)| format!(", {name} {value}")).collect();
        self.bar.set_message(format!(
            "{} of {} read, {} rows, {}/s{accumulated}",
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
