//! Measures of `aggregate` other than sums and extremes: distinct counts, conditions, the value at
//! an extreme of another, the first value.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Reading, Sale, inputs, same_on_all_engines};

use crate::{cases, grouped};

/// Distinct counts of names, coupons, pairs of both, and days, each next to a sum that must count
/// every record once.
type Distinct = (u32, u64, u64, u64, u64, i64, u64);

#[dataflow]
fn distinct(sales: DataSet<Sale>) -> DataSet<Distinct> {
    sales.group_by(|s| s.key).aggregate(|g| {
        (
            g.key,
            g.count_distinct(|s| s.note),
            g.count_distinct(|s| s.coupon),
            g.count_distinct(|s| (s.note, s.coupon)),
            g.count_distinct(|s| s.day),
            g.sum(|s| s.amount),
            g.count(),
        )
    })
}

#[dataflow]
fn ungrouped(sales: DataSet<Sale>) -> DataSet<(u64, u64, i64)> {
    sales.aggregate(|g| (g.count_distinct(|s| s.name), g.count_distinct(|s| (s.name, s.day)), g.min(|s| s.amount)))
}

#[dataflow]
fn many_groups(sales: DataSet<Sale>) -> DataSet<((Date, String), u64)> {
    sales.group_by(|s| (s.day, s.name)).aggregate(|g| (g.key, g.count_distinct(|s| s.id)))
}

/// The counted values are also part of the key.
#[dataflow]
fn of_the_key(sales: DataSet<Sale>) -> DataSet<(Option<i32>, u64, u64)> {
    sales.group_by(|s| s.coupon).aggregate(|g| (g.key, g.count_distinct(|s| s.coupon), g.count_distinct(|s| s.key)))
}

#[dataflow]
fn conditional(sales: DataSet<Sale>, limit: i64) -> DataSet<(String, u64, u64)> {
    let by_name = sales.group_by(|s| s.name);
    by_name.aggregate(|g| (g.key, g.count_if(|s| s.amount > limit), g.count_if(|s| s.coupon.is_some())))
}

/// The price of the earliest sale and the day of the most expensive one. Of ties, the least
/// value is returned.
#[dataflow]
fn best(sales: DataSet<Sale>) -> DataSet<(u32, Decimal<2>, Date, i64, u64)> {
    sales.group_by(|s| s.key).aggregate(|g| {
        (
            g.key,
            g.min_by(|s| s.day, |s| s.price),
            g.max_by(|s| s.price, |s| s.day),
            g.max_by(|s| s.amount % 3, |s| s.amount),
            g.count(),
        )
    })
}

#[dataflow]
fn of_floats(readings: DataSet<Reading>) -> DataSet<(u32, u64)> {
    readings
        .group_by(|r| r.key)
        .aggregate(|g| (g.key, g.min_by(|r| r.value as f64 / 3.0, |r| r.value as f64)))
        .map(|r| (r.0, r.1.to_bits()))
}

/// The name depends on the key only.
#[dataflow]
fn first(sales: DataSet<Sale>) -> DataSet<(u32, String, i64)> {
    sales.filter(|s| s.key != 77).group_by(|s| s.key).aggregate(|g| (g.key, g.first(|s| s.name), g.sum(|s| s.amount)))
}

#[dataflow]
fn first_together(sales: DataSet<Sale>) -> DataSet<(u32, u64, Option<String>)> {
    sales.group_by(|s| s.key).aggregate(|g| {
        let (id, note) = g.first(|s| (s.id, s.note));
        (g.key, id, note)
    })
}

fn different<K: Ord>(group: &[&Sale], value: impl Fn(&Sale) -> Option<K>) -> u64 {
    group.iter().filter_map(|s| value(s)).collect::<BTreeSet<_>>().len() as u64
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn distinct_values_are_counted_next_to_other_measures(input in inputs()) {
        let sales = input.sales();
        let counted = |(key, group): (u32, Vec<&Sale>)| (
            key,
            different(&group, |s| s.note.clone()),
            different(&group, |s| s.coupon),
            different(&group, |s| s.note.clone().zip(s.coupon)),
            different(&group, |s| Some(s.day)),
            group.iter().map(|s| s.amount).sum::<i64>(),
            group.len() as u64,
        );
        let expected = grouped(&sales, |s| s.key).into_iter().map(counted).collect();
        same_on_all_engines(expected, |env| distinct(env.collection(&sales)?).collect());
    }

    #[test]
    fn distinct_values_are_counted_without_a_key(input in inputs()) {
        let sales = input.sales();
        let all: Vec<&Sale> = sales.iter().collect();
        let least = sales.iter().map(|s| s.amount).min();
        let names = different(&all, |s| Some(s.name.clone()));
        let pairs = different(&all, |s| Some((s.name.clone(), s.day)));
        let expected = least.map(|least| (names, pairs, least)).into_iter().collect();
        same_on_all_engines(expected, |env| ungrouped(env.collection(&sales)?).collect());
    }

    #[test]
    fn distinct_values_of_many_groups_are_counted(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| (s.day, s.name.clone())).into_iter();
        same_on_all_engines(groups.map(|(key, group)| (key, group.len() as u64)).collect(), |env| {
            many_groups(env.collection(&sales)?).collect()
        });
    }

    #[test]
    fn distinct_values_of_the_key_are_counted(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| s.coupon).into_iter();
        let keys = |group: Vec<&Sale>| different(&group, |s| Some(s.key));
        let expected = groups.map(|(key, group)| (key, u64::from(key.is_some()), keys(group))).collect();
        same_on_all_engines(expected, |env| of_the_key(env.collection(&sales)?).collect());
    }

    #[test]
    fn conditions_are_counted(input in inputs(), limit in -1_000..1_000i64) {
        let sales = input.sales();
        let count = |group: &[&Sale], holds: &dyn Fn(&Sale) -> bool| group.iter().filter(|s| holds(s)).count() as u64;
        let groups = grouped(&sales, |s| s.name.clone()).into_iter();
        let expected = groups
            .map(|(name, group)| (name, count(&group, &|s| s.amount > limit), count(&group, &|s| s.coupon.is_some())))
            .collect();
        same_on_all_engines(expected, |env| conditional(env.collection(&sales)?, limit).collect());
    }

    #[test]
    fn values_at_the_extreme_of_another_field_are_returned(input in inputs()) {
        let sales = input.sales();
        let of_group = |(key, group): (u32, Vec<&Sale>)| (
            key,
            group.iter().map(|s| (s.day, s.price)).min().unwrap().1,
            group.iter().map(|s| (Reverse(s.price), s.day)).min().unwrap().1,
            group.iter().map(|s| (Reverse(s.amount % 3), s.amount)).min().unwrap().1,
            group.len() as u64,
        );
        let expected = grouped(&sales, |s| s.key).into_iter().map(of_group).collect();
        same_on_all_engines(expected, |env| best(env.collection(&sales)?).collect());
    }

    #[test]
    fn floats_are_compared_and_carried(input in inputs()) {
        let readings = input.readings();
        let least = |group: Vec<&Reading>| (group.iter().map(|r| r.value).min().unwrap() as f64).to_bits();
        let groups = grouped(&readings, |r| r.key).into_iter();
        same_on_all_engines(groups.map(|(key, group)| (key, least(group))).collect(), |env| {
            of_floats(env.collection(&readings)?).collect()
        });
    }

    #[test]
    fn first_returns_a_value_that_the_group_shares(input in inputs()) {
        let sales: Vec<Sale> = input.sales().into_iter().filter(|s| s.key != 77).collect();
        let groups = grouped(&sales, |s| s.key).into_iter();
        let total = |group: &[&Sale]| group.iter().map(|s| s.amount).sum::<i64>();
        let expected = groups.map(|(key, group)| (key, group[0].name.clone(), total(&group))).collect();
        same_on_all_engines(expected, |env| first(env.collection(&sales)?).collect());
    }

    #[test]
    fn firsts_of_one_aggregate_are_of_the_same_record(input in inputs()) {
        let sales = input.sales();
        // Any record may be returned; its number identifies it.
        let keys = grouped(&sales, |s| s.key).into_keys().map(|key| (key, true)).collect();
        same_on_all_engines(keys, |env| {
            let firsts = first_together(env.collection(&sales)?).collect()?;
            let of_one = |(key, id, note): (u32, u64, Option<String>)| {
                let sale = &sales[id as usize];
                (key, sale.key == key && sale.note == note)
            };
            Ok(firsts.into_iter().map(of_one).collect())
        });
    }
}
