//! A satisfied consumer stops its producers: sources are not read to their end, and not all pairs
//! are created.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dataflow::Accumulated;
use dataflow::accumulators::Count;
use dataflow::prelude::*;
use tests::{Folder, PARALLELISM, local, within_two_minutes};

const ROWS: u64 = 2_000_000;

type Calls = Arc<AtomicU64>;

#[dataflow]
fn counted(numbers: DataSet<u64>, calls: Calls) -> DataSet<u64> {
    numbers.map(|n| {
        calls.fetch_add(1, Ordering::Relaxed);
        n + 1
    })
}

#[dataflow]
fn first(numbers: DataSet<u64>, count: usize) -> DataSet<u64> {
    numbers.first(count)
}

#[dataflow]
fn pairs(left: DataSet<u64>, right: DataSet<u64>, calls: Calls) -> DataSet<u64> {
    left.cross(right).map(|l, r| {
        calls.fetch_add(1, Ordering::Relaxed);
        l + r
    })
}

#[dataflow]
fn exchanged(numbers: DataSet<u64>, calls: Calls) -> DataSet<u64> {
    numbers.map(|n| n + 1).rebalance().map(|n| {
        calls.fetch_add(1, Ordering::Relaxed);
        n + 1
    })
}

/// A file of many numbers, in many splits.
fn numbers() -> (Folder, String) {
    let folder = Folder::default();
    let path = folder.join("numbers/");
    let env = local(4);
    env.collection(0..ROWS).unwrap().rebalance().write_native(&path);
    env.run().unwrap();
    (folder, path)
}

#[test]
fn a_satisfied_first_stops_chains_and_sources() {
    within_two_minutes("first", || {
        let (_folder, path) = numbers();
        for parallelism in PARALLELISM {
            for count in [0, 1, 1_000] {
                let env = local(parallelism);
                let calls = Calls::default();
                let output = Folder::default();
                first(counted(env.read_native(&path).unwrap(), calls.clone()), count).write_native(output.join("out"));
                let report = env.run().unwrap();
                let found: DataSet<u64> = env.read_native(output.join("out")).unwrap();
                assert_eq!(found.count().unwrap(), count as u64);
                let calls = calls.load(Ordering::Relaxed);
                assert!(calls < ROWS / 4, "{calls} calls for {count} records in {parallelism} tasks");
                assert!(report.source_rows() < ROWS / 4, "{} rows were read", report.source_rows());
            }
        }
    });
}

#[test]
fn a_satisfied_first_stops_producers_across_exchanges() {
    within_two_minutes("first behind an exchange", || {
        let (_folder, path) = numbers();
        for parallelism in [2, 4] {
            let (env, calls) = (local(parallelism), Calls::default());
            let found = first(exchanged(env.read_native(&path).unwrap(), calls.clone()), 10).collect().unwrap();
            assert_eq!(found.len(), 10);
            assert!(calls.load(Ordering::Relaxed) < ROWS / 2, "{calls:?} calls in {parallelism} tasks");
        }
    });
}

#[test]
fn one_pair_is_found_without_creating_all() {
    within_two_minutes("first of a product", || {
        for parallelism in PARALLELISM {
            let (env, calls) = (local(parallelism), Calls::default());
            let side = || env.collection(0..20_000u64).unwrap();
            assert_eq!(first(pairs(side(), side(), calls.clone()), 1).collect().unwrap().len(), 1);
            assert!(calls.load(Ordering::Relaxed) < 10_000_000, "{calls:?} pairs in {parallelism} tasks");
        }
    });
}

#[dataflow]
fn named(numbers: DataSet<u64>, names: DataSet<u64>, more: DataSet<u64>) -> DataSet<u64> {
    let named = numbers.join(names).hint(BroadcastRight).on(|n| n % 50_000, |n| n).map(|n, name| n ^ name);
    named.semi_join(more).hint(BroadcastRight).on(|n| n % 2, |m| m)
}

/// A task whose rows are not needed still contributes to a shared table, so other tasks do not wait
/// for it.
#[test]
fn shared_tables_are_built_before_their_inputs_stop() {
    within_two_minutes("first behind shared tables", || {
        let (_folder, path) = numbers();
        for parallelism in [2, 4] {
            for count in [0, 1, 1_000] {
                let env = local(parallelism);
                let side = |numbers: u64| env.collection(0..numbers).unwrap();
                let (names, more) = (side(50_000), side(2));
                let output = Folder::default();
                first(named(env.read_native(&path).unwrap(), names, more), count).write_native(output.join("out"));
                let report = env.run().unwrap();
                let found: DataSet<u64> = env.read_native(output.join("out")).unwrap();
                assert_eq!(found.count().unwrap(), count as u64);
                assert!(report.source_rows() < ROWS / 2, "{} rows were read", report.source_rows());
            }
        }
    });
}

/// A branch with another consumer is not stopped.
#[test]
fn other_branches_get_all_records() {
    within_two_minutes("first of one branch", || {
        let (_folder, path) = numbers();
        for parallelism in PARALLELISM {
            let (env, output) = (local(parallelism), Folder::default());
            let all = counted(env.read_native(&path).unwrap(), Calls::default());
            first(all.clone(), 3).write_native(output.join("three"));
            all.write_native(output.join("all"));
            env.run().unwrap();
            let count = |name: &str| {
                let flow: DataSet<u64> = env.read_native(output.join(name)).unwrap();
                flow.count().unwrap()
            };
            assert_eq!((count("three"), count("all")), (3, ROWS));
        }
    });
}

#[dataflow]
fn tallied(numbers: DataSet<u64>, seen: Accumulated<Count>) -> DataSet<u64> {
    numbers.map(|n| {
        seen.add(1);
        n
    })
}

#[dataflow]
fn tallied_where_it_may_fail(numbers: DataSet<u64>, seen: Accumulated<Count>) -> DataSet<u64> {
    numbers.try_map(|n| {
        seen.add(1);
        n.checked_add(1).ok_or("too large")
    })
}

#[dataflow]
fn tallied_with_a_state(numbers: DataSet<u64>, seen: Accumulated<Count>) -> DataSet<u64> {
    numbers.map_with(
        |_| 0,
        |state, n| {
            seen.add(1);
            *state += 1;
            n
        },
    )
}

/// Operators that count records, or keep them for later, see all of them.
#[test]
fn counters_and_persisted_flows_see_all_records() {
    within_two_minutes("first behind what counts", || {
        for parallelism in PARALLELISM {
            let env = local(parallelism);
            let numbers = env.collection(0..200_000u64).unwrap();
            let kept = numbers.persist();
            assert_eq!(first(kept.clone(), 5).count().unwrap(), 5);
            assert_eq!(kept.count().unwrap(), 200_000);
            let seen = env.counter("seen");
            for tallied in [tallied, tallied_where_it_may_fail, tallied_with_a_state] {
                assert_eq!(first(tallied(numbers.clone(), seen.clone()), 5).count().unwrap(), 5);
                assert_eq!(seen.value().unwrap(), 200_000);
            }
        }
    });
}
