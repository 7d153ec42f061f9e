//! The engine's peak memory with small budgets: sort, group and join of much larger data.

use serde::Serialize;

use crate::answer::Resources;
use crate::data::{facts, pairs};
use crate::error::Result;
use crate::harness::{Attempt, Check, Entrant, attempt};
use crate::options::Memory;
use crate::systems;
use crate::workspace::{TableSize, Workspace};

/// Allowed memory of a process in addition to its budget: code, stacks, the allocator's reserve,
/// buffers of files.
const OVERHEAD_MIB: u64 = 128;

const CASES: [&str; 3] = ["sort", "group", "join"];

/// A case with one budget.
#[derive(Debug, Serialize)]
struct Row {
    case: &'static str,
    budget_mib: u64,
    seconds: Option<f64>,
    peak_rss_mib: Option<u64>,
    written_mib: u64,
    failure: Option<String>,
}

/// Runs, prints and writes the results. Returns `true` if every answer is right and every peak
/// within its limit.
///
/// # Errors
/// Fails if the data cannot be generated, or a file cannot be written.
pub(crate) fn run(workspace: &Workspace, options: &Memory) -> Result<bool> {
    let size = TableSize::of_scale(options.scale);
    let paths = workspace.paths(options.scale);
    pairs::ensure(&paths.tables, size.rows)?;
    facts::ensure(&paths.tables, size.rows, size.ids)?;
    let folder = workspace.make_output("answers")?;
    let _spill = workspace.make_spill()?;
    let ours = systems::find("ours")?;
    let (mut rows, mut checks) = (Vec::new(), Vec::new());
    println!("{:<6} {:>10} {:>9} {:>9} {:>12}", "case", "budget MiB", "seconds", "peak MiB", "written MiB");
    for case in CASES {
        let expected = expected(case, size);
        for &budget_mib in &options.budgets {
            let resources = Resources { parallelism: options.parallelism, memory_bytes: Some(budget_mib << 20) };
            let worker = Box::new(|| ours.worker(workspace, "memory", &paths, &resources));
            let attempt = attempt(&Entrant { system: "ours", case, worker }, &folder, options.timeout, 0)?;
            let row = Row::of(case, budget_mib, &attempt);
            row.print();
            checks.extend(row.checks(&attempt, &expected));
            rows.push(row);
        }
    }
    super::tables::finish("memory", workspace, &rows, &checks)
}

fn expected(case: &str, size: TableSize) -> String {
    match case {
        "sort" => pairs::expected_sort(size.rows),
        "group" => facts::expected_group(size.rows, size.ids),
        _ => facts::expected_join(size.rows, size.ids),
    }
}

impl Row {
    fn of(case: &'static str, budget_mib: u64, attempt: &Attempt) -> Self {
        let Attempt { outcome, peak_rss_mib, written_bytes } = attempt;
        Self {
            case,
            budget_mib,
            seconds: outcome.as_ref().ok().map(|done| done.seconds),
            peak_rss_mib: *peak_rss_mib,
            written_mib: written_bytes >> 20,
            failure: outcome.as_ref().err().cloned(),
        }
    }

    fn print(&self) {
        let Self { case, budget_mib, written_mib, .. } = self;
        let seconds = self.seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.2}"));
        let peak = self.peak_rss_mib.map_or_else(|| "-".to_owned(), |peak| peak.to_string());
        let failure = self.failure.as_ref().map(|message| format!("  failed: {message}")).unwrap_or_default();
        println!("{case:<6} {budget_mib:>10} {seconds:>9} {peak:>9} {written_mib:>12}{failure}");
    }

    fn checks(&self, attempt: &Attempt, expected: &str) -> [Check; 2] {
        let what = format!("{} in {} MiB", self.case, self.budget_mib);
        let answer = attempt.outcome.as_ref().map(|done| done.text.trim_end());
        let detail = match answer {
            Ok(answer) if answer == expected => "as computed".to_owned(),
            Ok(answer) => format!("`{answer}` instead of `{expected}`"),
            Err(_) => "failed".to_owned(),
        };
        let right = Check { name: format!("{what} is right"), ok: answer == Ok(expected), detail };
        let allowed = self.budget_mib + OVERHEAD_MIB;
        let peak = self.peak_rss_mib;
        let held = Check {
            name: format!("{what} holds at most {allowed} MiB"),
            ok: peak.is_some_and(|peak| peak <= allowed),
            detail: peak.map_or_else(|| "unknown".to_owned(), |peak| format!("{peak} MiB")),
        };
        [right, held]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Done;

    fn outcome(text: &str, peak_rss_mib: u64) -> [bool; 2] {
        let done = Done { seconds: 1.0, text: text.to_owned() };
        let attempt = Attempt { outcome: Ok(done), peak_rss_mib: Some(peak_rss_mib), written_bytes: 0 };
        Row::of("group", 64, &attempt).checks(&attempt, "1\t2").map(|check| check.ok)
    }

    #[test]
    fn a_wrong_answer_and_a_high_peak_each_fail() {
        assert_eq!(outcome("1\t2\n", 192), [true, true]);
        assert_eq!(outcome("1\t3\n", 192), [false, true]);
        assert_eq!(outcome("1\t2\n", 193), [true, false]);
        let failed = Attempt { outcome: Err("no".to_owned()), peak_rss_mib: Some(3), written_bytes: 0 };
        assert!(!Row::of("group", 64, &failed).checks(&failed, "1\t2")[0].ok);
    }
}
