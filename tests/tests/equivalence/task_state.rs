//! `map_with`, `flat_map_with`, `filter_map_with`, `filter_with` and their fallible forms: each
//! task has its own state.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{PARALLELISM, Sale, embedded, inputs, local, same_on_all_engines};

use crate::cases;

/// Each record with its number in its task.
#[dataflow]
fn numbered(sales: DataSet<Sale>) -> DataSet<((u64, u64), (u64, u64))> {
    sales.filter(|s| s.amount > 0).map_with(
        |task| (task.index, task.tasks, 0u64),
        |state, s| {
            state.2 += 1;
            ((state.0 as u64, state.1 as u64), (state.2 - 1, s.id))
        },
    )
}

/// Running sums in one task, equal to a fold over all records.
#[dataflow]
fn running(sales: DataSet<Sale>, first: i64) -> DataSet<(u64, i64)> {
    sales.sort(|s| s.id).map_with(
        |_| first,
        |sum, s| {
            *sum += s.amount;
            (s.id, *sum)
        },
    )
}

/// The state keeps texts of earlier records.
#[dataflow]
fn changes(sales: DataSet<Sale>) -> DataSet<(Option<String>, Option<String>)> {
    sales.sort(|s| s.id).filter_map_with(
        |_| (None, 0),
        |(last, changes), s| {
            let before = last.clone();
            *last = s.note.map(str::to_owned);
            *changes += 1;
            (before != *last && *changes > 1).then_some((before, s.note))
        },
    )
}

/// The next operator is fused into the same body and can see the state's variables.
#[dataflow]
fn fused(sales: DataSet<Sale>) -> DataSet<(u64, String)> {
    sales
        .filter(|s| s.coupon != Some(3))
        .map(|s| (s.id, s.name))
        .flat_map_with(|task| vec![task.tasks as u64; 2], |counts, s| counts.iter().map(move |_| s).collect::<Vec<_>>())
        .filter(|s| s.0 % 2 == 0)
        .map(|s| (s.0 / 2, s.1.to_uppercase()))
        .try_map(|s| Ok::<_, std::fmt::Error>((s.0 + 1, s.1)))
}

/// The first sale of each run of equal keys. The filter works in place and has two consumers.
#[dataflow]
fn first_of_runs(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    let first = sales.sort(|s| s.id).filter_with(|_| None, |last, s| last.replace(s.key) != Some(s.key));
    let (left, right) = (first.map(|s| (s.id, 0u64)), first.filter(|s| s.amount > 0).map(|s| (s.id, 1u64)));
    left.union(right)
}

/// Fails if the state cannot be created, or if it rejects a record.
#[dataflow]
fn limited(sales: DataSet<Sale>, most: String) -> DataSet<(u64, i64)> {
    sales
        .sort(|s| s.id)
        .try_filter_with(
            |_| Ok((most.parse::<i64>()?, 0)),
            |(most, sum), s| {
                *sum += s.amount.abs();
                if *sum > *most { Err(format!("{sum} is more than {most}")) } else { Ok(s.amount != 0) }
            },
        )
        .try_map_with(
            |_| "0".parse::<i64>(),
            |sum, s| {
                *sum += s.amount;
                s.id.checked_add(0).ok_or("no id").map(|id| (id, *sum))
            },
        )
        .filter(|s| s.0 % 2 == 0)
        .try_filter_map(|s| Ok::<_, std::fmt::Error>((s.0 % 3 == 0).then_some(s)))
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn a_stateful_filter_equals_a_fold(input in inputs()) {
        let sales = input.sales();
        let mut last = None;
        let kept: Vec<&Sale> = sales.iter().filter(|s| last.replace(s.key) != Some(s.key)).collect();
        let twice = kept.iter().filter(|s| s.amount > 0).map(|s| (s.id, 1));
        let expected = kept.iter().map(|s| (s.id, 0)).chain(twice).collect();
        same_on_all_engines(expected, |env| first_of_runs(env.collection(&sales)?).collect());
    }

    #[test]
    fn fallible_states_give_the_results_of_infallible_ones(input in inputs()) {
        let sales = input.sales();
        let kept = sales.iter().filter(|s| s.amount != 0).scan(0, |sum, s| {
            *sum += s.amount;
            Some((s.id, *sum))
        });
        let expected: Vec<_> = kept.filter(|(id, _)| id % 6 == 0).collect();
        same_on_all_engines(expected, |env| limited(env.collection(&sales)?, i64::MAX.to_string()).collect());
    }

    #[test]
    fn each_task_has_its_own_state(input in inputs()) {
        let sales = input.sales();
        let mut expected: Vec<u64> = sales.iter().filter(|s| s.amount > 0).map(|s| s.id).collect();
        expected.sort_unstable();
        for (tasks, env) in PARALLELISM.map(|tasks| (tasks, local(tasks))).into_iter().chain([(1, embedded())]) {
            let seen = numbered(env.collection(&sales).unwrap()).collect().unwrap();
            let mut next: BTreeMap<u64, u64> = BTreeMap::new();
            for ((task, of), (number, _)) in &seen {
                assert!(*of == tasks as u64 && task < of, "task {task} of {of}");
                let next = next.entry(*task).or_default();
                assert_eq!(number, next, "task {task} of {of}");
                *next += 1;
            }
            let mut ids: Vec<u64> = seen.into_iter().map(|(_, (_, id))| id).collect();
            ids.sort_unstable();
            assert!(ids == expected, "{tasks} tasks");
        }
    }

    #[test]
    fn a_state_in_one_task_is_a_scan(input in inputs(), first in -3..3i64) {
        let sales = input.sales();
        let sums = sales.iter().scan(first, |sum, s| {
            *sum += s.amount;
            Some((s.id, *sum))
        });
        same_on_all_engines(sums.collect(), |env| running(env.collection(&sales)?, first).collect());
    }

    #[test]
    fn a_state_outlives_records(input in inputs()) {
        let sales = input.sales();
        let pairs = sales.windows(2).map(|pair| (pair[0].note.clone(), pair[1].note.clone()));
        let expected = pairs.filter(|(before, after)| before != after).collect();
        same_on_all_engines(expected, |env| changes(env.collection(&sales)?).collect());
    }

    #[test]
    fn operators_after_a_state_equal_their_sequence(input in inputs()) {
        let sales = input.sales();
        let kept = sales.iter().filter(|s| s.coupon != Some(3) && s.id % 2 == 0);
        let expected = kept.flat_map(|s| [(); 2].map(|()| (s.id / 2 + 1, s.name.to_uppercase()))).collect();
        same_on_all_engines(expected, |env| fused(env.collection(&sales)?).collect());
    }
}

/// A set-up that panics ends the job like any other closure, and the error names the operator.
#[test]
fn a_panicking_set_up_ends_the_job() {
    #[dataflow]
    fn divided(numbers: DataSet<u64>, parts: usize) -> DataSet<u64> {
        numbers.map_with(|task| task.tasks / parts, |share, n| n + *share as u64)
    }
    tests::on_each_engine(|engine, env| {
        let error = divided(env.collection([1u64]).unwrap(), 0).collect().unwrap_err().to_string();
        assert!(error.starts_with("`map_with` at ") && error.contains("divide by zero"), "{engine}: {error}");
    });
}

#[test]
fn a_state_error_ends_the_job_and_names_the_operator() {
    let sales = tests::Input { rows: 50, keys: tests::Keys::Same, seed: 4 }.sales();
    tests::on_each_engine(|engine, env| {
        let error = |most: &str| {
            let limited = limited(env.collection(&sales).unwrap(), most.to_owned());
            limited.collect().unwrap_err().to_string()
        };
        let found = error("much");
        assert!(
            found.starts_with("`try_filter_with` at ") && found.ends_with("invalid digit found in string"),
            "{engine}: {found}"
        );
        let found = error("0");
        assert!(found.contains(" is more than 0, in the record Sale {"), "{engine}: {found}");
    });
}

/// A panic in the set-up of a filter counts as a panic of its closure.
#[test]
fn a_panicking_filter_set_up_ends_the_job() {
    #[dataflow]
    fn kept(numbers: DataSet<u64>, parts: usize) -> DataSet<u64> {
        numbers.filter_with(|task| task.tasks / parts, |share, n| n != *share as u64)
    }
    tests::on_each_engine(|engine, env| {
        let error = kept(env.collection([1u64]).unwrap(), 0).collect().unwrap_err().to_string();
        assert!(error.starts_with("`filter_with` at ") && error.contains("divide by zero"), "{engine}: {error}");
    });
}

/// A stateless filter is repeated in each branch after it. A stateful filter runs once per task.
#[test]
fn a_stateful_filter_is_not_repeated_in_branches() {
    static STATES: AtomicUsize = AtomicUsize::new(0);
    #[dataflow]
    fn forked(numbers: DataSet<u64>) -> DataSet<u64> {
        let some = numbers.filter_with(|_| STATES.fetch_add(1, Ordering::Relaxed), |_, n| n > 0);
        some.union(some.map(|n| n * 10))
    }
    let flow = forked(local(3).collection([0u64, 1]).unwrap());
    let mut numbers = flow.collect().unwrap();
    numbers.sort_unstable();
    assert_eq!((numbers, STATES.load(Ordering::Relaxed)), (vec![1, 10], 3));
}
