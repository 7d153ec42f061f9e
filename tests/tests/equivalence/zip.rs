//! `zip_with_index` and `zip_with_unique_id`.

use std::collections::BTreeSet;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{
    PARALLELISM, Sale, embedded, inputs, local, on_each_engine, same_on_all_engines, same_records, small_inputs,
    within_two_minutes,
};

use crate::cases;

#[dataflow]
fn ranks(sales: DataSet<Sale>) -> DataSet<(u64, Sale)> {
    sales.sort(|s| (desc(s.amount), s.id)).zip_with_index()
}

#[dataflow]
fn numbered(sales: DataSet<Sale>) -> DataSet<(u64, Sale)> {
    sales.filter(|s| s.coupon.is_some()).zip_with_index()
}

/// Tasks with very different numbers of records, some with none.
#[dataflow]
fn numbered_in_few_tasks(sales: DataSet<Sale>) -> DataSet<(u64, u32, u64)> {
    sales
        .partition_with(|s| u64::from(s.key / 3))
        .sort_partition(|s| s.id)
        .zip_with_index()
        .map(|(number, s)| (number, s.key, s.id))
}

/// One consumer does not read the number, the other does not read the record.
#[dataflow]
fn parts(sales: DataSet<Sale>) -> (DataSet<String>, DataSet<u64>) {
    let numbered = sales.zip_with_index();
    (numbered.map(|n| n.1.name), numbered.project(|n| n.0))
}

/// Both branches of a fork read all of their input before they emit.
#[dataflow]
fn pairs(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    let ids = sales.map(|s| s.id).rebalance();
    let (left, right) = (ids.zip_with_index(), ids.zip_with_index());
    left.join(right).on(|l| l.0, |r| r.0).map(|l, _| (l.0, l.1))
}

#[dataflow]
fn unique(sales: DataSet<Sale>) -> DataSet<(u64, Sale)> {
    sales.filter(|s| s.amount > 0).rebalance().zip_with_unique_id()
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn after_a_sort_the_index_is_the_rank(input in inputs()) {
        let mut sales = input.sales();
        let shuffled = sales.clone();
        sales.sort_by_key(|s| (std::cmp::Reverse(s.amount), s.id));
        same_on_all_engines((0..).zip(sales).collect(), |env| ranks(env.collection(&shuffled)?).collect());
    }

    #[test]
    fn indexes_are_consecutive_in_task_order(input in inputs()) {
        let sales = input.sales();
        let expected: Vec<Sale> = sales.iter().filter(|s| s.coupon.is_some()).cloned().collect();
        on_each_engine(|engine, env| {
            let seen = numbered(env.collection(&sales).unwrap()).collect().unwrap();
            assert!((0..).zip(&seen).all(|(number, (seen, _))| number == *seen), "{engine}");
            same_records(engine, seen.into_iter().map(|(_, s)| s).collect(), expected.clone());
        });
    }

    #[test]
    fn task_ranges_are_consecutive(input in inputs()) {
        let sales = input.sales();
        for (tasks, env) in PARALLELISM.map(|tasks| (tasks, local(tasks))).into_iter().chain([(1, embedded())]) {
            let mut expected: Vec<(u32, u64)> = sales.iter().map(|s| (s.key, s.id)).collect();
            expected.sort_by_key(|(key, id)| (*key as usize / 3 % tasks, *id));
            let expected = (0..).zip(expected).map(|(number, (key, id))| (number, key, id)).collect();
            same_records("in order", numbered_in_few_tasks(env.collection(&sales).unwrap()).collect().unwrap(), expected);
        }
    }

    #[test]
    fn either_part_can_be_read_alone(input in inputs()) {
        let sales = input.sales();
        same_on_all_engines(sales.iter().map(|s| s.name.clone()).collect(), |env| parts(env.collection(&sales)?).0.collect());
        same_on_all_engines((0..sales.len() as u64).collect(), |env| parts(env.collection(&sales)?).1.collect());
    }

    #[test]
    fn unique_ids_are_unique_and_name_their_task(input in inputs()) {
        let sales = input.sales();
        let expected: Vec<Sale> = sales.iter().filter(|s| s.amount > 0).cloned().collect();
        on_each_engine(|engine, env| {
            let seen = unique(env.collection(&sales).unwrap()).collect().unwrap();
            let ids: BTreeSet<u64> = seen.iter().map(|(id, _)| *id).collect();
            assert_eq!(ids.len(), seen.len(), "{engine}");
            // Tasks have about equally many records here, so there are few gaps.
            assert!(ids.last().is_none_or(|last| *last < ids.len() as u64 + 16), "{engine}: {ids:?}");
            same_records(engine, seen.into_iter().map(|(_, s)| s).collect(), expected.clone());
        });
    }

    #[test]
    fn two_numberings_of_one_flow_can_be_joined(input in small_inputs()) {
        let sales = input.sales();
        within_two_minutes("two numberings", move || {
            on_each_engine(|engine, env| {
                let seen = pairs(env.collection(&sales).unwrap()).collect().unwrap();
                same_records(engine, seen.iter().map(|(number, _)| *number).collect(), (0..sales.len() as u64).collect());
                same_records(engine, seen.iter().map(|(_, id)| *id).collect(), sales.iter().map(|s| s.id).collect());
            });
        });
    }
}
