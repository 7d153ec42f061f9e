//! `union` and `distinct`.

use std::collections::BTreeSet;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Sale, inputs, same_on_all_engines};

use crate::cases;

#[dataflow]
fn union(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sale> {
    left.union(right)
}

#[dataflow]
fn union_of_parts(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<(String, u64)> {
    let (small, large) = (left.filter(|s| s.amount < 0), right.filter(|s| s.amount > 0));
    small.project(|s| (s.name, s.id)).union(large.map(|s| (s.name, s.id + 1)))
}

#[dataflow]
fn distinct(sales: DataSet<Sale>) -> DataSet<(String, Option<i32>)> {
    sales.project(|s| (s.name, s.coupon)).distinct()
}

#[dataflow]
fn distinct_of_union(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Option<String>> {
    left.project(|s| s.note).union(right.project(|s| s.note)).distinct()
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn union_keeps_duplicates(input in inputs(), other in 0..3_000usize) {
        let (left, right) = (input.sales(), input.other(other).sales());
        let expected = left.iter().chain(&right).cloned().collect();
        same_on_all_engines(expected, |env| union(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn union_accepts_flows_of_different_sources(input in inputs(), other in 0..3_000usize) {
        let (left, right) = (input.sales(), input.other(other).sales());
        let small = left.iter().filter(|s| s.amount < 0).map(|s| (s.name.clone(), s.id));
        let large = right.iter().filter(|s| s.amount > 0).map(|s| (s.name.clone(), s.id + 1));
        let expected = small.chain(large).collect();
        same_on_all_engines(expected, |env| union_of_parts(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn distinct_keeps_one_of_equal_records(input in inputs()) {
        let sales = input.sales();
        let expected: BTreeSet<_> = sales.iter().map(|s| (s.name.clone(), s.coupon)).collect();
        same_on_all_engines(expected.into_iter().collect(), |env| distinct(env.collection(&sales)?).collect());
    }

    #[test]
    fn distinct_removes_duplicates_across_a_union(input in inputs()) {
        let (left, right) = (input.sales(), input.other(500).sales());
        let expected: BTreeSet<_> = left.iter().chain(&right).map(|s| s.note.clone()).collect();
        same_on_all_engines(expected.into_iter().collect(), |env| {
            distinct_of_union(env.collection(&left)?, env.collection(&right)?).collect()
        });
    }
}
