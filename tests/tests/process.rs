//! Jobs and their process: threads that wait for jobs of their own, plans deeper than a stack,
//! limited address space.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::Command;
use std::sync::{Arc, Mutex};

use dataflow::prelude::*;
use dataflow::{Accumulated, Accumulator, Options, ProgressWhen};
use tests::{Folder, PARALLELISM, embedded, local, within_two_minutes};

/// The sum of squares below a number, computed by a separate job.
fn squares_below(parallelism: usize, n: u64) -> dataflow::Result<u64> {
    squares(local(parallelism).collection(0..n)?).collect().map(|sums| sums.iter().sum())
}

#[dataflow]
fn squares(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.map(|n| (n % 7, n * n)).group_by(|n| n.0).sum(|n| n.1).map(|(_, sum)| sum)
}

#[dataflow]
fn with_inner_jobs(numbers: DataSet<u64>, parallelism: usize) -> DataSet<u64> {
    numbers.rebalance().try_map(|n| squares_below(parallelism, n % 50)).sort(|n| n)
}

#[dataflow]
fn with_jobs_in_jobs(numbers: DataSet<u64>, parallelism: usize) -> DataSet<u64> {
    numbers.rebalance().try_map(|n| {
        let inner = local(parallelism).collection(0..n % 5)?;
        with_inner_jobs(inner, parallelism).collect().map(|sums| sums.iter().sum::<u64>())
    })
}

#[dataflow]
fn with_jobs_in_threads(numbers: DataSet<u64>, parallelism: usize) -> DataSet<u64> {
    numbers.try_map(|n| std::thread::spawn(move || squares_below(parallelism, n % 50)).join().unwrap())
}

#[dataflow]
fn with_jobs_under_a_lock(numbers: DataSet<u64>, parallelism: usize, lock: Arc<Mutex<u64>>) -> DataSet<u64> {
    numbers.rebalance().try_map(|n| {
        let mut jobs = lock.lock().unwrap();
        *jobs += 1;
        squares_below(parallelism, n % 50)
    })
}

#[dataflow]
fn with_failing_jobs(numbers: DataSet<u64>, parallelism: usize) -> DataSet<u64> {
    numbers.try_map(|n| checked(local(parallelism).collection([n])?).count())
}

#[dataflow]
fn checked(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.try_map(|n| if n == 77 { Err("an inner error") } else { Ok(n) })
}

fn below(n: u64) -> u64 {
    (0..n).map(|n| n * n).sum()
}

#[test]
fn a_closure_may_run_a_job_on_the_same_threads() {
    within_two_minutes("a job in a closure", || {
        for parallelism in PARALLELISM {
            for inner in PARALLELISM {
                let numbers = local(parallelism).collection(0..300u64).unwrap();
                let mut expected: Vec<u64> = (0..300).map(|n| below(n % 50)).collect();
                expected.sort_unstable();
                assert_eq!(with_inner_jobs(numbers, inner).collect().unwrap(), expected);
            }
            let numbers = local(parallelism).collection(0..20u64).unwrap();
            let sums = with_jobs_in_jobs(numbers, parallelism).collect().unwrap();
            let expected: u64 = (0..20).map(|n| (0..n % 5).map(below).sum::<u64>()).sum();
            assert_eq!(sums.into_iter().sum::<u64>(), expected);
        }
    });
}

#[test]
fn a_closure_may_run_a_job_while_holding_a_lock() {
    within_two_minutes("a job under a lock", || {
        let lock = Arc::new(Mutex::new(0));
        for parallelism in PARALLELISM {
            let numbers = local(parallelism).collection(0..200u64).unwrap();
            let sums = with_jobs_under_a_lock(numbers, parallelism, lock.clone()).collect().unwrap();
            assert_eq!(sums.into_iter().sum::<u64>(), (0..200).map(|n| below(n % 50)).sum::<u64>());
        }
        assert_eq!(*lock.lock().unwrap(), 600);
    });
}

#[test]
fn a_closure_may_wait_for_a_thread_that_runs_jobs() {
    within_two_minutes("a job in a thread of a closure", || {
        for parallelism in PARALLELISM {
            let numbers = local(parallelism).collection(0..8u64).unwrap();
            let sums = with_jobs_in_threads(numbers, parallelism).collect().unwrap();
            assert_eq!(sums.into_iter().sum::<u64>(), (0..8).map(below).sum::<u64>());
        }
    });
}

#[test]
fn errors_of_an_inner_job_are_errors_of_the_outer() {
    within_two_minutes("a job in a closure that fails", || {
        for parallelism in PARALLELISM {
            let numbers = local(parallelism).collection(0..200u64).unwrap();
            let error = with_failing_jobs(numbers, parallelism).collect().unwrap_err().to_string();
            assert!(error.contains("an inner error"), "{error}");
        }
    });
}

#[dataflow]
fn incremented(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.map(|n| n + 1)
}

#[dataflow]
fn kept(numbers: DataSet<u64>, least: u64) -> DataSet<u64> {
    numbers.filter(|n| n >= least)
}

#[dataflow]
fn united(left: DataSet<u64>, right: DataSet<u64>) -> DataSet<u64> {
    left.union(right)
}

/// Runs a test on a thread with the default stack size.
fn on_a_thread(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}

#[test]
fn plans_may_be_deeper_than_a_stack() {
    on_a_thread(|| {
        let env = embedded();
        let deep = (0..20_000).fold(env.collection([1u64]).unwrap(), |flow, _| incremented(flow));
        assert_eq!(deep.collect().unwrap(), [20_001]);
        drop(deep);
        let deep = (0..20_000).fold(env.collection(0..3u64).unwrap(), |flow, _| kept(flow, 2));
        assert_eq!(deep.collect().unwrap(), [2]);
    });
}

#[test]
fn the_local_engine_runs_plans_deeper_than_a_stack() {
    on_a_thread(|| {
        let (parallelism, progress) = (1, ProgressWhen::Never);
        let env = Env::new(Options { parallelism, progress, memory_bytes: 8 << 30, ..Options::default() });
        let deep = (0..2_000).fold(env.collection([1u64]).unwrap(), |flow, _| incremented(flow));
        assert_eq!(deep.collect().unwrap(), [2_001]);
        // Filters that the optimizer may move through the whole plan.
        assert_eq!((0..3).fold(deep, |flow, _| kept(flow, 0)).collect().unwrap(), [2_001]);
        let filtered = (0..20_000).fold(env.collection(0..3u64).unwrap(), |flow, _| kept(flow, 2));
        assert_eq!(filtered.collect().unwrap(), [2]);
        let wide =
            (0..200).fold(env.collection([1u64]).unwrap(), |flow, _| united(flow, env.collection([1u64]).unwrap()));
        assert_eq!(kept(wide, 1).count().unwrap(), 201);
    });
}

/// Maps of the builder API are not fused, so each is a step with its own pages.
#[test]
fn the_local_engine_runs_as_many_maps_as_memory_allows() {
    on_a_thread(|| {
        let (parallelism, progress) = (1, ProgressWhen::Never);
        let env = Env::new(Options { parallelism, progress, memory_bytes: 8 << 30, ..Options::default() });
        let deep = (0..5_000).fold(env.collection([1u64]).unwrap(), |flow, _| incremented(flow));
        assert_eq!(deep.collect().unwrap(), [5_001]);
    });
}

#[test]
fn a_refused_deep_plan_has_a_short_error() {
    on_a_thread(|| {
        let (parallelism, progress) = (2, ProgressWhen::Never);
        let env = Env::new(Options { parallelism, progress, memory_bytes: 64 << 20, ..Options::default() });
        let deep = (0..20_000).fold(env.collection([1u64]).unwrap(), |flow, _| incremented(flow));
        let folder = Folder::default();
        deep.write_csv(folder.join("never-written"));
        let explained = env.explain().unwrap();
        assert!(explained.lines().count() > 20_000 && explained.len() < 30 << 20, "{} bytes", explained.len());
        let error = env.run().unwrap_err().to_string();
        assert!(error.lines().count() < 40 && error.contains("other operators: "), "{error}");
    });
}

#[test]
fn threads_end_with_their_last_environment() {
    let done = Command::new(env!("CARGO_BIN_EXE_threads")).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert_eq!(text.trim(), "20", "only the last pool is kept: {}", String::from_utf8_lossy(&done.stderr));
}

/// Runs a program that copies lines, with an address space of `kib` KiB. Returns whether it
/// succeeded, and its messages.
fn copies_within(kib: usize, settings: &[&str]) -> (bool, String) {
    let folder = Folder::default();
    let (input, output) = (folder.file("in.txt", "a line\n".repeat(1_000)), folder.join("out.txt"));
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -v {kib}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_job")]);
    let done = limited.args(["--parallelism", "2"]).args(settings).args(["copy", &input, &output]).output().unwrap();
    (done.status.success(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn pages_take_half_of_a_limited_address_space() {
    for mib in [600, 1_500, 5_000] {
        let (succeeds, text) = copies_within(mib << 10, &[]);
        assert!(succeeds, "{mib} MiB: {text}");
    }
    let (succeeds, text) = copies_within(1_500 << 10, &["--memory", "1GiB"]);
    assert!(!succeeds && text.contains("`ulimit -v`") && text.contains("`--memory`"), "{text}");
    assert!(!text.contains("internal error"), "{text}");
}

/// Counts, and panics when it is formatted or merged.
#[derive(Clone)]
struct Panics {
    items: u64,
    when_shown: bool,
}

impl Accumulator for Panics {
    type Item = ();
    type Value = u64;

    fn add(&mut self, (): ()) {
        self.items += 1;
    }

    fn merge(&mut self, other: Self) {
        assert!(self.when_shown, "merged");
        self.items += other.items;
    }

    fn value(&self) -> u64 {
        self.items
    }

    fn show(&self) -> String {
        assert!(!self.when_shown || self.items == 0, "shown");
        "items".to_owned()
    }
}

#[dataflow]
fn slowly_counted(numbers: DataSet<u64>, items: Accumulated<Panics>) -> DataSet<u64> {
    numbers.rebalance().map(|n| {
        items.add(());
        std::thread::sleep(std::time::Duration::from_millis(1));
        n
    })
}

/// Formatting a user's accumulator, during the job or after it, is user code and may panic.
#[test]
fn a_panicking_accumulator_ends_the_job_with_an_error() {
    within_two_minutes("an accumulator that panics", || {
        for (when_shown, progress) in
            [(true, ProgressWhen::Always), (true, ProgressWhen::Never), (false, ProgressWhen::Always)]
        {
            let options = Options { progress, parallelism: 2, ..Options::default() };
            let env = Env::new(options);
            let items = env.accumulator("items", Panics { items: 0, when_shown });
            let result = slowly_counted(env.collection(0..2_000u64).unwrap(), items).collect();
            let error = result.unwrap_err().to_string();
            assert!(error.contains(if when_shown { "shown" } else { "merged" }), "{when_shown}: {error}");
            // Other jobs continue.
            let env = Env::new(Options { parallelism: 2, ..Options::default() });
            assert_eq!(squares(env.collection(0..10u64).unwrap()).collect().map(|sums| sums.len()).unwrap(), 7);
        }
    });
}
