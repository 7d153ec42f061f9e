//! `rebalance`, `partition_by`, `partition_by_range`, `partition_with` and `sort_partition`: the
//! records of each task, and their order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Input, Keys, PARALLELISM, Sale, embedded, inputs, local, same_on_all_engines, same_records};

use crate::{cases, grouped};

#[dataflow]
fn rebalanced(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    sales.rebalance().map_with(|task| task.index as u64, |task, s| (*task, s.id))
}

#[dataflow]
fn rebalanced_rest(sales: DataSet<Sale>, least: i64) -> DataSet<(u64, u64)> {
    sales.filter(|s| s.amount >= least).rebalance().map_with(|task| task.index as u64, |task, s| (*task, s.id))
}

#[dataflow]
fn by_key(sales: DataSet<Sale>) -> DataSet<(u64, (String, Option<i32>))> {
    sales.partition_by(|s| (s.name, s.coupon)).map_with(|task| task.index as u64, |task, s| (*task, (s.name, s.coupon)))
}

#[dataflow]
fn by_key_twice(sales: DataSet<Sale>) -> DataSet<(u32, u64)> {
    sales.partition_by(|s| s.key).group_by(|s| s.key).count()
}

/// The partitioning leaf has the same number in its record as the grouping key has in the result.
#[dataflow]
fn by_another_key(sales: DataSet<Sale>) -> DataSet<(u32, i64)> {
    sales.partition_by(|s| s.id).group_by(|s| s.key).aggregate(|g| (g.key, g.sum(|s| s.amount)))
}

#[dataflow]
fn by_number(sales: DataSet<Sale>, factor: u64) -> DataSet<(u64, u64, String)> {
    sales
        .partition_with(|s| u64::from(s.key) * factor)
        .map_with(|task| task.index as u64, |task, s| (*task, u64::from(s.key), s.name))
}

#[dataflow]
fn whole_by_number(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.filter(|s| s.amount > 0).partition_with(|s| s.id).filter(|s| s.coupon.is_some())
}

#[dataflow]
fn sorted(sales: DataSet<Sale>) -> DataSet<(u64, Sale)> {
    sales
        .rebalance()
        .sort_partition(|s| (asc(s.coupon), desc(s.name), s.id))
        .map_with(|task| task.index as u64, |task, s| (*task, s))
}

#[dataflow]
fn by_range(sales: DataSet<Sale>) -> DataSet<(u64, Sale)> {
    sales.partition_by_range(|s| (desc(s.coupon), s.name)).map_with(|task| task.index as u64, |task, s| (*task, s))
}

#[dataflow]
fn by_range_of_ids(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    sales.partition_by_range(|s| s.id).map_with(|task| task.index as u64, |task, s| (*task, s.id))
}

#[dataflow]
fn sorted_by_all_tasks(sales: DataSet<Sale>) -> DataSet<(String, u64)> {
    sales
        .partition_by_range(|s| (desc(s.name), asc(s.id)))
        .sort_partition(|s| (desc(s.name), asc(s.id)))
        .map(|s| (s.name, s.id))
}

/// Calls `f` for each parallelism.
fn on_each(mut f: impl FnMut(usize, &dataflow::Env)) {
    f(1, &embedded());
    PARALLELISM.iter().for_each(|&tasks| f(tasks, &local(tasks)));
}

/// Tasks have equally many records, except for one record per task that distributes them.
fn evenly(tasks: usize, seen: &[(u64, u64)]) {
    let sizes: Vec<usize> =
        (0..tasks as u64).map(|task| seen.iter().filter(|(seen_in, _)| *seen_in == task).count()).collect();
    let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
    assert!(most - least <= tasks, "{tasks} tasks: {sizes:?}");
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn rebalance_gives_each_task_equally_many_records(input in inputs(), least in -1_200..1_200i64) {
        let sales = input.sales();
        on_each(|tasks, env| {
            for (pipeline, least) in [(rebalanced as fn(_) -> _, i64::MIN), (|sales| rebalanced_rest(sales, 0), 0)] {
                let seen = pipeline(env.collection(&sales).unwrap()).collect().unwrap();
                evenly(tasks, &seen);
                let expected = sales.iter().filter(|s| s.amount >= least).map(|s| s.id).collect();
                same_records("rebalance", seen.into_iter().map(|(_, id)| id).collect(), expected);
            }
        });
        on_each(|tasks, env| {
            let seen = rebalanced_rest(env.collection(&sales).unwrap(), least).collect().unwrap();
            evenly(tasks, &seen);
        });
    }

    #[test]
    fn partition_by_keeps_a_key_in_one_task(input in inputs()) {
        let sales = input.sales();
        on_each(|_, env| {
            let seen = by_key(env.collection(&sales).unwrap()).collect().unwrap();
            let tasks_of: BTreeMap<_, BTreeSet<u64>> = seen.iter().fold(BTreeMap::new(), |mut tasks, (task, key)| {
                tasks.entry(key.clone()).or_insert_with(BTreeSet::new).insert(*task);
                tasks
            });
            assert!(tasks_of.values().all(|tasks| tasks.len() == 1), "{tasks_of:?}");
            let expected = sales.iter().map(|s| (s.name.clone(), s.coupon)).collect();
            same_records("partition_by", seen.into_iter().map(|(_, key)| key).collect(), expected);
        });
    }

    #[test]
    fn grouping_by_the_partitioning_key_is_correct(input in inputs()) {
        let sales = input.sales();
        let expected = grouped(&sales, |s| s.key).into_iter().map(|(key, sales)| (key, sales.len() as u64)).collect();
        same_on_all_engines(expected, |env| by_key_twice(env.collection(&sales)?).collect());
    }

    #[test]
    fn grouping_by_another_key_is_correct(input in inputs()) {
        let sales = input.sales();
        let sum = |sales: Vec<&Sale>| sales.iter().map(|s| s.amount).sum();
        let expected = grouped(&sales, |s| s.key).into_iter().map(|(key, sales)| (key, sum(sales))).collect();
        same_on_all_engines(expected, |env| by_another_key(env.collection(&sales)?).collect());
    }

    #[test]
    fn partition_by_range_orders_the_tasks(input in inputs()) {
        let sales = input.sales();
        let key = |s: &Sale| (s.coupon.is_none(), Reverse(s.coupon), s.name.clone());
        on_each(|tasks, env| {
            let mut seen = by_range(env.collection(&sales).unwrap()).collect().unwrap();
            seen.sort_by_key(|(_, s)| key(s));
            let ends = |pair: &[(u64, Sale)]| match key(&pair[0].1) == key(&pair[1].1) {
                true => pair[0].0 == pair[1].0,
                false => pair[0].0 <= pair[1].0,
            };
            assert!(seen.windows(2).all(ends), "{tasks} tasks");
            same_records("partition_by_range", seen.into_iter().map(|(_, s)| s).collect(), sales.clone());
        });
    }

    #[test]
    fn ranges_hold_about_equally_many_records(rows in 4_000..30_000usize, seed: u64) {
        let sales = Input { rows, keys: Keys::Zipf, seed }.sales();
        on_each(|tasks, env| {
            let seen = by_range_of_ids(env.collection(&sales).unwrap()).collect().unwrap();
            for task in 0..tasks as u64 {
                let share = seen.iter().filter(|(seen_in, _)| *seen_in == task).count() * tasks;
                assert!((rows * 9 / 10..rows * 11 / 10).contains(&share), "task {task} of {tasks} has {share} of {rows}");
            }
        });
    }

    #[test]
    fn sorted_ranges_form_a_total_order(input in inputs()) {
        let sales = input.sales();
        let mut expected: Vec<(String, u64)> = sales.iter().map(|s| (s.name.clone(), s.id)).collect();
        expected.sort_by_key(|(name, id)| (Reverse(name.clone()), *id));
        on_each(|tasks, env| {
            assert!(sorted_by_all_tasks(env.collection(&sales).unwrap()).collect().unwrap() == expected, "{tasks} tasks");
        });
    }

    #[test]
    fn partition_with_uses_the_returned_number(input in inputs(), factor in prop_oneof![Just(0u64), Just(1), 2..u64::MAX / 501]) {
        let sales = input.sales();
        on_each(|tasks, env| {
            let seen = by_number(env.collection(&sales).unwrap(), factor).collect().unwrap();
            assert!(seen.iter().all(|(task, key, _)| *task == key * factor % tasks as u64));
            let expected = sales.iter().map(|s| (u64::from(s.key), s.name.clone())).collect();
            same_records("partition_with", seen.into_iter().map(|(_, key, name)| (key, name)).collect(), expected);
        });
    }

    #[test]
    fn partitioned_records_are_complete(input in inputs()) {
        let sales = input.sales();
        let expected = sales.iter().filter(|s| s.amount > 0 && s.coupon.is_some()).cloned().collect();
        same_on_all_engines(expected, |env| whole_by_number(env.collection(&sales)?).collect());
    }

    #[test]
    fn sort_partition_orders_the_records_of_each_task(input in inputs()) {
        let sales = input.sales();
        on_each(|tasks, env| {
            let seen = sorted(env.collection(&sales).unwrap()).collect().unwrap();
            let key = |s: &Sale| (s.coupon.is_none(), s.coupon, Reverse(s.name.clone()), s.id);
            assert!(seen.is_sorted_by_key(|(task, s)| (*task, key(s))), "{tasks} tasks");
            evenly(tasks, &seen.iter().map(|(task, s)| (*task, s.id)).collect::<Vec<_>>());
            same_records("sort_partition", seen.into_iter().map(|(_, s)| s).collect(), sales.clone());
        });
    }
}

/// The grouping itself does not know that its records are partitioned already. The plan must show
/// that it ships nothing: all records of a key are in one task.
#[test]
fn grouping_after_partitioning_by_its_key_ships_nothing() {
    let env = local(2);
    by_key_twice(env.collection(Vec::<Sale>::new()).unwrap()).print();
    let plan = env.explain().unwrap();
    env.run().unwrap();
    let line =
        |word: &str| plan.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{word} in\n{plan}"));
    assert!(!line("partition_by key").contains("hash: "), "{plan}");
    assert!(!line("count by key").contains("combine"), "{plan}");
    assert!(line("collection of").contains("hash: "), "{plan}");
}
