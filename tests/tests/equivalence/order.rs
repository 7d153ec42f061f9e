//! `sort`, `top` and `first`.

use std::cmp::Reverse;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Sale, inputs, on_each_engine, same_records};

use crate::cases;

/// A total order, because `id` breaks ties.
#[dataflow]
fn sort(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.sort(|s| (desc(s.name), asc(s.amount), s.id))
}

#[dataflow]
fn sort_with_ties(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.sort(|s| (asc(s.day), desc(s.price)))
}

#[dataflow]
fn sort_nulls(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.sort(|s| (desc(s.coupon), asc(s.note), s.id))
}

#[dataflow]
fn top(sales: DataSet<Sale>, count: usize) -> DataSet<Sale> {
    sales.top(count, |s| (desc(s.amount), asc(s.name), desc(s.id)))
}

#[dataflow]
fn first(sales: DataSet<Sale>, count: usize) -> DataSet<Sale> {
    sales.first(count)
}

#[dataflow]
fn first_of_sorted(sales: DataSet<Sale>, count: usize) -> DataSet<u64> {
    sales.filter(|s| s.coupon.is_some()).sort(|s| desc(s.id)).first(count).project(|s| s.id)
}

fn sorted_by_key<K: Ord>(sales: &[Sale], key: impl Fn(&Sale) -> K) -> Vec<Sale> {
    let mut sorted = sales.to_vec();
    sorted.sort_by_key(key);
    sorted
}

/// Compares orders with a message that is short enough to read.
fn same_order(engine: &str, actual: &[Sale], expected: &[Sale]) {
    assert_eq!(actual.len(), expected.len(), "{engine}");
    if let Some(position) = (0..actual.len()).find(|&position| actual[position] != expected[position]) {
        panic!("{engine}: at {position} stands {:.300?}, not {:.300?}", actual[position], expected[position]);
    }
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn sort_orders_by_all_keys(input in inputs()) {
        let sales = input.sales();
        let expected = sorted_by_key(&sales, |s| (Reverse(s.name.clone()), s.amount, s.id));
        on_each_engine(|engine, env| {
            let sorted = sort(env.collection(&sales).unwrap()).collect().unwrap();
            same_order(engine, &sorted, &expected);
        });
    }

    #[test]
    fn sort_keeps_all_records_that_tie(input in inputs()) {
        let sales = input.sales();
        on_each_engine(|engine, env| {
            let sorted = sort_with_ties(env.collection(&sales).unwrap()).collect().unwrap();
            assert!(sorted.is_sorted_by_key(|s| (s.day, Reverse(s.price))), "{engine}");
            same_records(engine, sorted, sales.clone());
        });
    }

    #[test]
    fn nulls_sort_last_in_both_directions(input in inputs()) {
        let sales = input.sales();
        let key = |s: &Sale| (s.coupon.is_none(), Reverse(s.coupon), s.note.is_none(), s.note.clone(), s.id);
        let expected = sorted_by_key(&sales, key);
        on_each_engine(|engine, env| {
            let sorted = sort_nulls(env.collection(&sales).unwrap()).collect().unwrap();
            same_order(engine, &sorted, &expected);
        });
    }

    #[test]
    fn top_equals_the_start_of_sort(input in inputs(), count in prop_oneof![0..3usize, 3..200usize, 1_000..30_000usize]) {
        let sales = input.sales();
        let mut expected = sorted_by_key(&sales, |s| (Reverse(s.amount), s.name.clone(), Reverse(s.id)));
        expected.truncate(count);
        on_each_engine(|engine, env| {
            let sorted = top(env.collection(&sales).unwrap(), count).collect().unwrap();
            same_order(engine, &sorted, &expected);
        });
    }

    #[test]
    fn first_returns_n_records(input in inputs(), count in prop_oneof![0..3usize, 3..3_000usize]) {
        let sales = input.sales();
        on_each_engine(|engine, env| {
            let records = first(env.collection(&sales).unwrap(), count).collect().unwrap();
            assert_eq!(records.len(), count.min(sales.len()), "{engine}");
            let originals = records.iter().map(|s| sales[s.id as usize].clone()).collect();
            let mut numbers: Vec<u64> = records.iter().map(|s| s.id).collect();
            numbers.sort_unstable();
            assert!(numbers.is_sorted_by(|left, right| left < right), "{engine}: a record twice");
            same_records(engine, records, originals);
        });
    }

    #[test]
    fn first_of_a_sorted_flow_returns_its_start(input in inputs(), count in 0..3_000usize) {
        let sales = input.sales();
        let with_coupon = sales.iter().rev().filter(|s| s.coupon.is_some());
        let expected: Vec<u64> = with_coupon.map(|s| s.id).take(count).collect();
        on_each_engine(|engine, env| {
            let sorted = first_of_sorted(env.collection(&sales).unwrap(), count).collect().unwrap();
            assert!(sorted == expected, "{engine}");
        });
    }
}
