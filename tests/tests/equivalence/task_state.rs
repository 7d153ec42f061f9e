//! `map_with`, `flat_map_with`, `filter_map_with`: a state for each task, which sees the task's records.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{PARALLELISM, Sale, embedded, everywhere, inputs, local};

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

/// Sums of runs, in one task: what a fold over all records gives.
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

/// The state keeps texts of records that are gone.
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

/// What follows runs in the same body, with the state's variables in sight.
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

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn each_task_has_a_state_of_its_own(input in inputs()) {
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
        everywhere(sums.collect(), |env| running(env.collection(&sales)?, first).collect());
    }

    #[test]
    fn a_state_outlives_records(input in inputs()) {
        let sales = input.sales();
        let pairs = sales.windows(2).map(|pair| (pair[0].note.clone(), pair[1].note.clone()));
        let expected = pairs.filter(|(before, after)| before != after).collect();
        everywhere(expected, |env| changes(env.collection(&sales)?).collect());
    }

    #[test]
    fn what_follows_a_state_is_its_parts_one_after_the_other(input in inputs()) {
        let sales = input.sales();
        let kept = sales.iter().filter(|s| s.coupon != Some(3) && s.id % 2 == 0);
        let expected = kept.flat_map(|s| [(); 2].map(|()| (s.id / 2 + 1, s.name.to_uppercase()))).collect();
        everywhere(expected, |env| fused(env.collection(&sales)?).collect());
    }
}

/// A set-up that panics ends the job like any other closure, with the operator.
#[test]
fn a_set_up_that_panics_ends_the_job() {
    #[dataflow]
    fn divided(numbers: DataSet<u64>, parts: usize) -> DataSet<u64> {
        numbers.map_with(|task| task.tasks / parts, |share, n| n + *share as u64)
    }
    tests::on_each_engine(|engine, env| {
        let error = divided(env.collection([1u64]).unwrap(), 0).collect().unwrap_err().to_string();
        assert!(error.starts_with("`map_with` at ") && error.contains("divide by zero"), "{engine}: {error}");
    });
}
