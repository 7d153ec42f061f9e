//! Records of 100 bytes to 1 MB through each operator, source and sink, in the memory that a plan states and in 256 MiB.
//!
//! Each program runs in a process of its own, which counts its heap and its resident memory. Its rows are those of the same
//! program in ample memory. A few programs are among all tests. All of them take an hour:
//! `cargo test --release -p tests --test long_records -- --ignored --nocapture`, and `LONG_CASE` chooses some.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::process::Command;

use tests::{Folder, within_two_minutes};

/// Bytes outside of pages: buffers of encoders, indexes of rows, tasks, and this much for what the engine's threads and plans take.
const HEAP_BYTES: u64 = 16 << 20;

/// The most that may be resident beyond the budget.
const RESIDENT_BEYOND: u64 = 64 << 20;

const AMPLE: u64 = 4 << 30;

/// Keeps all records of a task in memory, as documented, so it runs in memory that holds them.
const KEEPS_ALL: &[&str] = &["map_partition"];

/// The outcome that a process printed.
enum Said {
    Need(u64),
    Ran { heap: u64, resident: u64, rows: String },
    Failed(String),
}

fn call(arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_long_records")).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| word.parse().unwrap();
    match words[..] {
        ["need", bytes] => Said::Need(number(bytes)),
        ["heap", heap, "resident", resident, ..] => {
            Said::Ran { heap: number(heap), resident: number(resident), rows: words[4..].join(" ") }
        }
        _ => Said::Failed(format!("{text}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Inputs of one length.
struct Inputs {
    folder: Folder,
    length: u64,
}

impl Inputs {
    /// As many records as have about so many bytes together, in `all` formats or in the engine's own.
    fn of(length: u64, bytes: u64, formats: &str) -> Self {
        let inputs = Inputs { folder: Folder::default(), length };
        let rows = (bytes / length).max(60);
        let path = inputs.folder.path().display().to_string();
        let made = Command::new(env!("CARGO_BIN_EXE_long_records"))
            .args(["make", &path, &length.to_string(), &rows.to_string(), formats])
            .output()
            .unwrap();
        assert!(made.status.success() && made.stdout.is_empty(), "{made:?}");
        inputs
    }

    fn run(&self, case: &str, bytes: u64, tasks: usize) -> Said {
        let path = self.folder.path().display().to_string();
        call(&["run", case, &path, &bytes.to_string(), &tasks.to_string()])
    }

    /// The memory that the plan states, with what `docs/memory.md` adds for records longer than a page.
    fn stated(&self, case: &str, tasks: usize) -> u64 {
        let besides = if self.length < 32 << 10 { 0 } else { 16 * self.length * tasks as u64 };
        let mut bytes = 1;
        // A program may have several jobs.
        while let Said::Need(need) = self.run(case, bytes, tasks) {
            assert!(need > bytes, "{case}: {need} bytes are not enough");
            bytes = need + besides;
        }
        bytes
    }

    /// Runs a program in so much memory, or in the stated. Returns what is wrong with the run.
    fn check(&self, case: &str, bytes: Option<u64>, tasks: usize) -> Result<(), String> {
        let bytes = bytes.unwrap_or_else(|| self.stated(case, tasks));
        let run = format!("{case}, records of {} bytes, {tasks} tasks, {} MiB", self.length, bytes >> 20);
        let Said::Ran { rows: expected, .. } = self.run(case, AMPLE, 1) else {
            return Err(format!("{run}: fails in ample memory"));
        };
        match self.run(case, bytes, tasks) {
            Said::Ran { heap, resident, rows } => {
                eprintln!("{run}: heap {} MiB, resident {} MiB", heap >> 20, resident >> 20);
                // Decoded columns of a source, and what an encoder has, are on the heap and paid for.
                let is_paid = case.contains("parquet") || case.contains("write");
                if rows != expected {
                    return Err(format!("{run}: {rows} for {expected}"));
                }
                if resident > bytes + RESIDENT_BEYOND || (heap > HEAP_BYTES && !is_paid) {
                    return Err(format!("{run}: heap {} MiB, resident {} MiB", heap >> 20, resident >> 20));
                }
                Ok(())
            }
            Said::Need(need) => Err(format!("{run}: needs {} MiB", need >> 20)),
            Said::Failed(text) => Err(format!("{run}: {text}")),
        }
    }
}

fn all_hold(runs: impl IntoIterator<Item = Result<(), String>>) {
    let failed: Vec<String> = runs.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} runs:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn long_records_run_in_the_stated_memory() {
    within_two_minutes("long records", || {
        let inputs = Inputs::of(60_000, 40_000_000, "native");
        let cases = ["flat_map, sort", "sort_partition", "partition_by_range", "top"];
        all_hold(cases.map(|case| inputs.check(case, None, 2)));
    });
}

#[test]
#[ignore = "takes an hour: each program with records of four lengths, at one, two and four tasks"]
fn each_program_runs_in_the_stated_memory_and_in_256_mib() {
    let chosen = std::env::var("LONG_CASE").unwrap_or_default();
    let listed = Command::new(env!("CARGO_BIN_EXE_long_records")).arg("list").output().unwrap();
    let cases = String::from_utf8(listed.stdout).unwrap();
    let mut runs = Vec::new();
    for (length, bytes) in [(100, 100 << 20), (10_000, 300 << 20), (100_000, 300 << 20), (1_000_000, 300 << 20)] {
        let inputs = Inputs::of(length, bytes, "all");
        for case in cases.lines().filter(|case| case.contains(&chosen)) {
            for tasks in [1, 2, 4] {
                let most = if KEEPS_ALL.contains(&case) { 1 << 30 } else { 256 << 20 };
                runs.push(inputs.check(case, Some(most), tasks));
                if !KEEPS_ALL.contains(&case) {
                    runs.push(inputs.check(case, None, tasks));
                }
            }
        }
    }
    all_hold(runs);
}
