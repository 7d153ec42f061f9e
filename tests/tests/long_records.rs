//! Records of 100 bytes to 1 MB through each operator, source and sink, in the plan's stated memory
//! and in 256 MiB.
//!
//! Each case runs in a process of its own, which measures its heap and its resident memory. Its
//! rows are compared with those of the same case in ample memory. A few cases run with all tests.
//! All of them take an hour:
//! `cargo test --release -p tests --test long_records -- --ignored --nocapture`.
//! `LONG_CASE` chooses some.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::process::Command;

use tests::{Folder, within_two_minutes};

/// Allowed bytes outside of pages: buffers of encoders, row indexes, tasks, threads and plans.
const HEAP_BYTES: u64 = 16 << 20;

/// Allowed resident bytes above the budget.
const RESIDENT_OVERHEAD: u64 = 64 << 20;

const AMPLE: u64 = 4 << 30;

/// Operators that are documented to keep all records of a task in memory. They run in memory that
/// holds them.
const KEEPS_ALL: &[&str] = &["map_partition"];

/// The outcome that a process printed.
enum Printed {
    Need(u64),
    Ran { heap: u64, resident: u64, rows: String },
    Failed(String),
}

fn call(arguments: &[&str]) -> Printed {
    let output = Command::new(env!("CARGO_BIN_EXE_long_records")).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| word.parse().unwrap();
    match words[..] {
        ["need", bytes] => Printed::Need(number(bytes)),
        ["heap", heap, "resident", resident, ..] => {
            Printed::Ran { heap: number(heap), resident: number(resident), rows: words[4..].join(" ") }
        }
        _ => Printed::Failed(format!("{text}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Inputs with records of one length.
struct Inputs {
    folder: Folder,
    length: u64,
}

impl Inputs {
    /// Creates inputs with about `bytes` bytes of records.
    fn of(length: u64, bytes: u64, formats: &[&str]) -> Self {
        let inputs = Inputs { folder: Folder::default(), length };
        let rows = (bytes / length).max(60);
        let path = inputs.folder.path().display().to_string();
        let made = Command::new(env!("CARGO_BIN_EXE_long_records"))
            .args(["make", &path, &length.to_string(), &rows.to_string()])
            .args(formats)
            .output()
            .unwrap();
        assert!(made.status.success() && made.stdout.is_empty(), "{made:?}");
        inputs
    }

    fn run(&self, case: &str, bytes: u64, tasks: usize) -> Printed {
        let path = self.folder.path().display().to_string();
        call(&["run", case, &path, &bytes.to_string(), &tasks.to_string()])
    }

    /// The memory that the plan states, plus the addition of `docs/memory.md` for records longer
    /// than a page.
    fn stated(&self, case: &str, tasks: usize) -> u64 {
        let records = if self.length < 32 << 10 { 0 } else { 16 * tasks as u64 };
        self.stated_with(case, tasks, records)
    }

    /// The memory that the plan states, plus room for some records.
    fn stated_with(&self, case: &str, tasks: usize, records: u64) -> u64 {
        let besides = records * self.length;
        let mut bytes = 1;
        // A case may have several jobs.
        while let Printed::Need(need) = self.run(case, bytes, tasks) {
            assert!(need > bytes, "{case}: {need} bytes are not enough");
            bytes = need + besides;
        }
        bytes
    }

    /// Runs a case in this much memory, or in the stated memory if `None`. Fails with a description
    /// of the deviation.
    fn check(&self, case: &str, bytes: Option<u64>, tasks: usize) -> Result<(), String> {
        let bytes = bytes.unwrap_or_else(|| self.stated(case, tasks));
        let run = format!("{case}, records of {} bytes, {tasks} tasks, {} MiB", self.length, bytes >> 20);
        let Printed::Ran { rows: expected, .. } = self.run(case, AMPLE, 1) else {
            return Err(format!("{run}: fails in ample memory"));
        };
        match self.run(case, bytes, tasks) {
            Printed::Ran { heap, resident, rows } => {
                eprintln!("{run}: heap {} MiB, resident {} MiB", heap >> 20, resident >> 20);
                // Decoded columns, encoded blocks and sort orders are on the heap, and reserved
                // from the budget.
                let paid = ["parquet", "write", "sort", "reduce_group", "top of groups", "merge join", "co_group"];
                let is_paid = paid.iter().any(|word| case.contains(word));
                if rows != expected {
                    return Err(format!("{run}: {rows} for {expected}"));
                }
                if resident > bytes + RESIDENT_OVERHEAD || (heap > HEAP_BYTES && !is_paid) {
                    return Err(format!("{run}: heap {} MiB, resident {} MiB", heap >> 20, resident >> 20));
                }
                Ok(())
            }
            Printed::Need(need) => Err(format!("{run}: needs {} MiB", need >> 20)),
            Printed::Failed(text) => Err(format!("{run}: {text}")),
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
        let inputs = Inputs::of(60_000, 40_000_000, &["native"]);
        let cases = ["flat_map, sort", "flat_map of many, sort", "sort_partition", "partition_by_range", "top"];
        all_hold(cases.map(|case| inputs.check(case, None, 2)));
    });
}

#[test]
fn records_of_a_file_are_part_of_the_stated_memory() {
    within_two_minutes("stated memory", || {
        let needs = |length: u64| {
            let inputs = Inputs::of(length, 1, &["native", "parquet"]);
            ["read native, map", "read parquet, map"].map(|case| match inputs.run(case, 1, 2) {
                Printed::Need(bytes) => bytes,
                _ => panic!("{case} runs in a byte"),
            })
        };
        let (short, long) = (needs(100), needs(1_000_000));
        // Native: each of two tasks holds three blocks of two records, and chunks of the same size.
        // Parquet: each holds a row group of 15 records, compressed and decoded.
        let least = [20_000_000, 50_000_000];
        let more = short.iter().zip(&long).map(|(short, long)| long - short);
        assert!(more.zip(least).all(|(more, least)| more > least), "{short:?}, {long:?}");
    });
}

/// Readers decode columns on the heap, while groups allocate and free pages. Both are parts of one
/// budget.
#[test]
#[ignore = "takes minutes: 20 million records"]
fn resident_memory_of_short_records_stays_near_the_budget() {
    const BUDGET_MIB: u64 = 256;
    const OVERHEAD_MIB: u64 = 64;
    let inputs = Inputs::of(60, 1_200_000_000, &["parquet"]);
    for case in ["read parquet, group_by text", "read parquet, group_by numbers"] {
        match inputs.run(case, BUDGET_MIB << 20, 2) {
            Printed::Ran { resident, .. } => assert!(resident >> 20 <= BUDGET_MIB + OVERHEAD_MIB, "{case}: {resident}"),
            Printed::Need(bytes) => panic!("{case}: needs {bytes} bytes"),
            Printed::Failed(text) => panic!("{case}: {text}"),
        }
    }
}

/// The records of the longest length that `docs/memory.md` states for an operator.
fn documented_records(operator: &str) -> u64 {
    let document = include_str!("../../docs/memory.md");
    let row = document.lines().find(|line| line.starts_with(&format!("| {operator}")));
    row.and_then(|row| row.split('|').nth(2)?.trim().parse().ok()).unwrap_or_else(|| panic!("no row of {operator}"))
}

#[test]
#[ignore = "takes minutes: records of 8 MB"]
fn documented_numbers_of_records_are_enough() {
    let inputs = Inputs::of(8_000_000, 300_000_000, &["native"]);
    let rows: [(&str, &[&str]); 3] = [
        ("a grouping by a hash", &["group_by text", "distinct", "count_distinct", "reduce", "min of texts", "max_by"]),
        ("a join by a hash", &["join", "left_join by text", "broadcast join", "semi_join", "cross"]),
        ("a merge join", &["merge join", "merge join of few keys", "co_group"]),
    ];
    let checked = rows.iter().flat_map(|(operator, cases)| {
        let records = documented_records(operator);
        cases.iter().map(move |case| (*case, records))
    });
    all_hold(checked.map(|(case, records)| inputs.check(case, Some(inputs.stated_with(case, 1, records)), 1)));
}

#[test]
#[ignore = "takes an hour: each program with records of four lengths, at one, two and four tasks"]
fn each_case_runs_in_stated_memory_and_256_mib() {
    let chosen = std::env::var("LONG_CASE").unwrap_or_default();
    let listed = Command::new(env!("CARGO_BIN_EXE_long_records")).arg("list").output().unwrap();
    let cases = String::from_utf8(listed.stdout).unwrap();
    let mut runs = Vec::new();
    for (length, bytes) in [(100, 100 << 20), (10_000, 300 << 20), (100_000, 300 << 20), (1_000_000, 300 << 20)] {
        let inputs = Inputs::of(length, bytes, &["csv", "json", "parquet", "native", "text"]);
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
