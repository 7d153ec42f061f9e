//! Operators that return whole records of groups: `distinct_by`, `first`, `top`, `min_by`,
//! `max_by`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Reading, Sale, SaleRef, inputs, on_each_engine, same_on_all_engines, same_records};

use crate::{cases, grouped};

#[dataflow]
fn distinct_by(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.distinct_by(|s| (s.name, s.coupon))
}

/// Later operators read only fields of the key.
#[dataflow]
fn distinct_by_names(sales: DataSet<Sale>) -> DataSet<String> {
    sales.distinct_by(|s| s.name).project(|s| s.name)
}

#[dataflow]
fn first(sales: DataSet<Sale>, count: usize) -> DataSet<Sale> {
    sales.group_by(|s| (s.key, s.coupon)).first(count)
}

#[dataflow]
fn top(sales: DataSet<Sale>, count: usize) -> DataSet<Sale> {
    sales.group_by(|s| s.key).top(count, |s| (desc(s.note), asc(s.amount), s.id))
}

#[dataflow]
fn top_by_text(sales: DataSet<Sale>, count: usize) -> DataSet<(String, i64)> {
    sales.group_by(|s| s.name).top(count, |s| (asc(s.amount), s.id)).map(|s| (s.name, s.amount))
}

/// Has many ties, which `day` and the other fields decide.
#[dataflow]
fn min_by(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.map(|s| SaleRef { id: s.id % 50, ..s }).group_by(|s| s.key).min_by(|s| s.coupon)
}

#[dataflow]
fn max_by(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.map(|s| SaleRef { id: s.id % 50, ..s }).group_by(|s| s.name).max_by(|s| (s.coupon, s.day))
}

#[dataflow]
fn least_readings(readings: DataSet<Reading>) -> DataSet<Reading> {
    readings.group_by(|r| r.key).min_by(|r| r.value)
}

#[dataflow]
fn greatest_floats(readings: DataSet<Reading>) -> DataSet<(u32, u64)> {
    readings.map(|r| (r.key, r.value as f64 / 7.0)).group_by(|r| r.0).max_by(|r| r.1).map(|r| (r.0, r.1.to_bits()))
}

/// The least and the greatest record of the whole flow.
#[dataflow]
fn of_everything(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.min_by(|s| s.amount).union(sales.max_by(|s| (s.amount, s.price)))
}

fn renumbered(sales: &[Sale]) -> Vec<Sale> {
    sales.iter().map(|s| Sale { id: s.id % 50, ..s.clone() }).collect()
}

/// Sorts nulls last in either direction.
fn null_last<K: Ord>(value: Option<K>) -> (bool, Option<K>) {
    (value.is_none(), value)
}

fn taken<K: Ord, O: Ord>(
    sales: &[Sale],
    key: impl Fn(&Sale) -> K,
    count: usize,
    order: impl Fn(&Sale) -> O,
) -> Vec<Sale> {
    let mut groups = grouped(sales, key);
    groups.values_mut().for_each(|group| group.sort_by_key(|s| order(s)));
    groups.into_values().flat_map(|group| group.into_iter().take(count).cloned()).collect()
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn distinct_by_returns_one_record_per_key(input in inputs()) {
        let sales = input.sales();
        let keys = |sales: &[Sale]| sales.iter().map(|s| (s.name.clone(), s.coupon)).collect::<BTreeSet<_>>();
        on_each_engine(|engine, env| {
            let found = distinct_by(env.collection(&sales).unwrap()).collect().unwrap();
            assert_eq!((found.len(), keys(&found)), (keys(&sales).len(), keys(&sales)), "{engine}");
            let originals = found.iter().map(|s| sales[s.id as usize].clone()).collect();
            same_records(engine, found, originals);
        });
        let names: BTreeSet<String> = sales.iter().map(|s| s.name.clone()).collect();
        same_on_all_engines(names.into_iter().collect(), |env| distinct_by_names(env.collection(&sales)?).collect());
    }

    #[test]
    fn first_returns_n_records_per_group(input in inputs(), count in prop_oneof![0..4usize, 4..500usize]) {
        let sales = input.sales();
        let counts = |sales: &[Sale], most: usize| -> BTreeMap<(u32, Option<i32>), usize> {
            let groups = grouped(sales, |s| (s.key, s.coupon)).into_iter();
            groups.map(|(key, group)| (key, group.len().min(most))).filter(|(_, count)| *count > 0).collect()
        };
        on_each_engine(|engine, env| {
            let found = first(env.collection(&sales).unwrap(), count).collect().unwrap();
            assert_eq!(counts(&found, usize::MAX), counts(&sales, count), "{engine}");
            let numbers: BTreeSet<u64> = found.iter().map(|s| s.id).collect();
            assert_eq!(numbers.len(), found.len(), "{engine}: a record twice");
            let originals = found.iter().map(|s| sales[s.id as usize].clone()).collect();
            same_records(engine, found, originals);
        });
    }

    #[test]
    fn top_returns_the_first_records_of_each_sorted_group(input in inputs(), count in prop_oneof![2 => 0..4usize, 2 => 4..40usize, 1 => 40..2_000usize]) {
        let sales = input.sales();
        let order = |s: &Sale| (s.note.is_none(), Reverse(s.note.clone()), s.amount, s.id);
        same_on_all_engines(taken(&sales, |s| s.key, count, order), |env| top(env.collection(&sales)?, count).collect());
    }

    #[test]
    fn top_works_for_groups_by_text(input in inputs(), count in 0..40usize) {
        let sales = input.sales();
        let expected = taken(&sales, |s| s.name.clone(), count, |s| (s.amount, s.id)).into_iter();
        same_on_all_engines(expected.map(|s| (s.name, s.amount)).collect(), |env| {
            top_by_text(env.collection(&sales)?, count).collect()
        });
    }

    #[test]
    fn min_by_returns_the_same_record_on_all_engines(input in inputs()) {
        let sales = input.sales();
        let rest = |s: &Sale| (s.id, s.name.clone(), s.amount, null_last(s.note.clone()), s.price, s.day);
        let order = |s: &Sale| (null_last(s.coupon), rest(s));
        let expected = taken(&renumbered(&sales), |s| s.key, 1, order);
        same_on_all_engines(expected, |env| min_by(env.collection(&sales)?).collect());
    }

    #[test]
    fn max_by_returns_the_same_record_on_all_engines(input in inputs()) {
        let sales = input.sales();
        let rest = |s: &Sale| (s.id, s.key, s.amount, null_last(s.note.clone()), s.price);
        let order = |s: &Sale| (s.coupon.is_none(), Reverse(s.coupon), Reverse(s.day), rest(s));
        let expected = taken(&renumbered(&sales), |s| s.name.clone(), 1, order);
        same_on_all_engines(expected, |env| max_by(env.collection(&sales)?).collect());
    }

    #[test]
    fn min_by_and_max_by_work_without_a_key(input in inputs()) {
        let sales = input.sales();
        let least = sales.iter().min_by_key(|s| (s.amount, s.id));
        let greatest = sales.iter().min_by_key(|s| (Reverse(s.amount), Reverse(s.price), s.id));
        let expected = least.into_iter().chain(greatest).cloned().collect();
        same_on_all_engines(expected, |env| of_everything(env.collection(&sales)?).collect());
    }

    #[test]
    fn min_by_works_for_fixed_size_records(input in inputs()) {
        let readings = input.readings();
        let least = |group: Vec<&Reading>| **group.iter().min_by_key(|r| (r.value, r.count)).unwrap();
        let expected = grouped(&readings, |r| r.key).into_values().map(least).collect();
        same_on_all_engines(expected, |env| least_readings(env.collection(&readings)?).collect());
    }

    #[test]
    fn max_by_orders_floats_of_groups(input in inputs()) {
        let readings = input.readings();
        let greatest = |group: Vec<&Reading>| (group.iter().map(|r| r.value).max().unwrap() as f64 / 7.0).to_bits();
        let groups = grouped(&readings, |r| r.key).into_iter();
        same_on_all_engines(groups.map(|(key, group)| (key, greatest(group))).collect(), |env| {
            greatest_floats(env.collection(&readings)?).collect()
        });
    }
}
