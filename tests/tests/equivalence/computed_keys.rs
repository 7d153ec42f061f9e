//! Computed keys and orders in every place that takes one: owned and borrowed, single and in tuples
//! of every width.

use std::collections::{BTreeMap, BTreeSet};

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Input, Reading, Sale, inputs, on_each_engine, same_on_all_engines, same_on_local_engines, small_inputs};

use crate::{cases, grouped};

/// One text for each of a few keys, longer than a row stores inline.
fn label(sale: &Sale) -> String {
    format!("the label of the sales of {}", sale.key % 5)
}

#[dataflow]
fn counts(sales: DataSet<Sale>) -> DataSet<(i32, u64)> {
    sales.group_by(|s| s.day.month() as i32).count()
}

#[dataflow]
fn measures(sales: DataSet<Sale>, width: u32) -> DataSet<(u32, String, i64, u64, u64)> {
    sales
        .group_by(|s| (s.key / width, s.name.to_lowercase()))
        .aggregate(|g| (g.key.0, g.key.1, g.sum(|s| s.amount), g.count(), g.count_distinct(|s| s.coupon)))
}

#[dataflow]
fn by_length(sales: DataSet<Sale>) -> DataSet<(u64, i64)> {
    sales.group_by(|s| s.name.len()).aggregate(|g| (g.key, g.min(|s| s.amount)))
}

#[dataflow]
fn by_prefix(sales: DataSet<Sale>) -> DataSet<(String, u64)> {
    sales.group_by(|s| &s.name[..s.name.len().min(2)]).count()
}

#[dataflow]
fn by_branch(sales: DataSet<Sale>) -> DataSet<(Option<String>, u64)> {
    sales
        .group_by(|s| {
            let large = s.amount > 500;
            if large { Some(s.name) } else { s.note }
        })
        .count()
}

#[dataflow]
fn folded(readings: DataSet<Reading>) -> DataSet<i64> {
    readings.map(|r| r.value % 1_000).group_by(|value| value % 7).sum(|value| value)
}

#[dataflow]
fn reduced(readings: DataSet<Reading>) -> DataSet<Reading> {
    readings.group_by(|r| r.key % 10).reduce(|a, b| Reading {
        key: a.key.min(b.key),
        value: a.value + b.value,
        count: a.count + b.count,
    })
}

#[dataflow]
fn reduced_by_text(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales
        .group_by(|s| format!("the label of the sales of {}", s.key % 5))
        .reduce(|a, b| if (a.name, a.id) < (b.name, b.id) { a } else { b })
}

#[dataflow]
fn over_groups(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    sales.group_by(|s| s.key % 10).reduce_group(|g, out| {
        let (mut least, mut count) = (u64::MAX, 0u64);
        for s in g {
            least = least.min(s.id);
            count += 1;
        }
        out.emit((least, count));
    })
}

#[dataflow]
fn over_sorted_groups(sales: DataSet<Sale>) -> DataSet<(u32, Vec<u64>)> {
    sales.group_by(|s| s.key % 10).sorted_by(|s| (desc(s.amount * 2), s.id)).reduce_group(|g, out| {
        let (mut key, mut ids) = (0, Vec::new());
        for s in g {
            key = s.key % 10;
            ids.push(s.id);
        }
        out.emit((key, ids));
    })
}

#[dataflow]
fn some_of_each(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.group_by(|s| s.key % 10).first(2).map(|s| u64::from(s.key % 10))
}

#[dataflow]
fn best_of_each(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.group_by(|s| s.key % 10).top(3, |s| (desc(s.amount.abs()), s.id)).map(|s| s.id)
}

#[dataflow]
fn best_of_each_by_field(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.group_by(|s| s.name.to_lowercase()).top(3, |s| (desc(s.amount), s.id)).map(|s| s.id)
}

#[dataflow]
fn least_of_each(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.group_by(|s| s.key % 10).min_by(|s| (s.amount.abs(), s.id))
}

#[dataflow]
fn greatest(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.max_by(|s| (s.amount.abs(), s.id))
}

#[dataflow]
fn distinct(sales: DataSet<Sale>) -> DataSet<String> {
    sales.distinct_by(|s| s.name.to_uppercase()).map(|s| s.name.to_uppercase())
}

#[dataflow]
fn partitioned(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.partition_by(|s| s.key % 3)
}

#[dataflow]
fn sorted(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.sort(|s| (desc(s.amount % 10), s.name.len(), s.id))
}

#[dataflow]
fn in_ranges(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.partition_by_range(|s| s.amount.abs()).sort_partition(|s| (asc(s.amount.abs()), s.id))
}

#[dataflow]
fn top(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.top(25, |s| (desc(s.amount * s.amount), desc(s.id))).map(|s| s.id)
}

#[dataflow]
fn dearest(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.map(|s| (s.id, s.amount as f64)).top(10, |s| desc(s.1 * 0.5 - s.0 as f64)).map(|s| s.0)
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn groups_are_formed_by_computed_keys(input in inputs(), width in 1u32..20) {
        let sales = input.sales();
        let flow = |env: &Env| env.collection(&sales);
        let expected = grouped(&sales, |s| s.day.month() as i32).into_iter().map(|(key, group)| (key, group.len() as u64));
        same_on_all_engines(expected.collect(), |env| counts(flow(env)?).collect());
        let expected = grouped(&sales, |s| (s.key / width, s.name.to_lowercase())).into_iter().map(|((key, name), group)| {
            let coupons: BTreeSet<i32> = group.iter().filter_map(|s| s.coupon).collect();
            (key, name, group.iter().map(|s| s.amount).sum(), group.len() as u64, coupons.len() as u64)
        });
        same_on_all_engines(expected.collect(), |env| measures(flow(env)?, width).collect());
        let expected = grouped(&sales, |s| s.name.len()).into_iter();
        let expected = expected.map(|(key, group)| (key as u64, group.iter().map(|s| s.amount).min().unwrap_or(0)));
        same_on_all_engines(expected.collect(), |env| by_length(flow(env)?).collect());
        let expected = grouped(&sales, |s| s.name[..s.name.len().min(2)].to_owned()).into_iter();
        same_on_all_engines(expected.map(|(key, group)| (key, group.len() as u64)).collect(), |env| by_prefix(flow(env)?).collect());
        let key = |s: &Sale| if s.amount > 500 { Some(s.name.clone()) } else { s.note.clone() };
        let expected = grouped(&sales, key).into_iter().map(|(key, group)| (key, group.len() as u64));
        same_on_all_engines(expected.collect(), |env| by_branch(flow(env)?).collect());
    }

    #[test]
    fn groups_with_computed_keys_become_one_record(input in inputs()) {
        let (sales, readings) = (input.sales(), input.readings());
        let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
        readings.iter().map(|r| r.value % 1_000).for_each(|value| *sums.entry(value % 7).or_default() += value);
        same_on_all_engines(sums.into_values().collect(), |env| folded(env.collection(&readings)?).collect());
        let expected = grouped(&readings, |r| r.key % 10).into_values().filter_map(|group| {
            let key = group.iter().map(|r| r.key).min()?;
            Some(Reading { key, value: group.iter().map(|r| r.value).sum(), count: group.len() as u64 })
        });
        same_on_all_engines(expected.collect(), |env| reduced(env.collection(&readings)?).collect());
        let expected = grouped(&sales, label).into_values();
        let expected = expected.filter_map(|group| group.into_iter().min_by_key(|s| (s.name.clone(), s.id)).cloned());
        same_on_all_engines(expected.collect(), |env| reduced_by_text(env.collection(&sales)?).collect());
        let expected = grouped(&sales, |s| s.key % 10).into_values();
        let expected = expected.filter_map(|group| group.into_iter().min_by_key(|s| (s.amount.abs(), s.id)).cloned());
        same_on_all_engines(expected.collect(), |env| least_of_each(env.collection(&sales)?).collect());
    }

    #[test]
    fn records_of_groups_are_unchanged(input in inputs()) {
        let sales = input.sales();
        let flow = |env: &Env| env.collection(&sales);
        let groups = grouped(&sales, |s| s.key % 10);
        let expected = groups.values().map(|group| (group[0].id, group.len() as u64)).collect();
        same_on_all_engines(expected, |env| over_groups(flow(env)?).collect());
        let by_amount = |group: &[&Sale], amount: fn(&Sale) -> i64| {
            let mut group = group.to_vec();
            group.sort_by_key(|s| (-amount(s), s.id));
            group.into_iter().map(|s| s.id).collect::<Vec<u64>>()
        };
        let expected = groups.iter().map(|(&key, group)| (key, by_amount(group, |s| s.amount))).collect();
        same_on_all_engines(expected, |env| over_sorted_groups(flow(env)?).collect());
        let expected = groups.iter().flat_map(|(&key, group)| vec![u64::from(key); group.len().min(2)]).collect();
        same_on_all_engines(expected, |env| some_of_each(flow(env)?).collect());
        let three = |group: &Vec<&Sale>| by_amount(group, |s| s.amount.abs()).into_iter().take(3).collect::<Vec<_>>();
        same_on_all_engines(groups.values().flat_map(three).collect(), |env| best_of_each(flow(env)?).collect());
        let groups = grouped(&sales, |s| s.name.to_lowercase());
        let three = |group: &Vec<&Sale>| by_amount(group, |s| s.amount).into_iter().take(3).collect::<Vec<_>>();
        same_on_all_engines(groups.values().flat_map(three).collect(), |env| best_of_each_by_field(flow(env)?).collect());
    }

    #[test]
    fn whole_flows_are_searched_and_sorted_by_computed_keys(input in inputs()) {
        let sales = input.sales();
        let flow = |env: &Env| env.collection(&sales);
        let names: BTreeSet<String> = sales.iter().map(|s| s.name.to_uppercase()).collect();
        same_on_all_engines(names.into_iter().collect(), |env| distinct(flow(env)?).collect());
        same_on_all_engines(sales.clone(), |env| partitioned(flow(env)?).collect());
        same_on_all_engines(sales.iter().max_by_key(|s| (s.amount.abs(), s.id)).cloned().into_iter().collect(), |env| greatest(flow(env)?).collect());
        let mut by_order = sales.clone();
        by_order.sort_by_key(|s| (-(s.amount % 10), s.name.len(), s.id));
        let mut by_size = sales.clone();
        by_size.sort_by_key(|s| (s.amount.abs(), s.id));
        let mut squares = sales.clone();
        squares.sort_by_key(|s| std::cmp::Reverse((s.amount * s.amount, s.id)));
        let squares: Vec<u64> = squares.iter().take(25).map(|s| s.id).collect();
        let mut floats = sales.clone();
        floats.sort_by(|l, r| (r.amount as f64 * 0.5 - r.id as f64).total_cmp(&(l.amount as f64 * 0.5 - l.id as f64)));
        on_each_engine(|engine, env| {
            assert_eq!(sorted(flow(env).unwrap()).collect().unwrap(), by_order, "{engine}");
            assert_eq!(in_ranges(flow(env).unwrap()).collect().unwrap(), by_size, "{engine}");
            assert_eq!(top(flow(env).unwrap()).collect().unwrap(), squares, "{engine}");
            let first = dearest(flow(env).unwrap()).collect().unwrap();
            let value = |id: &u64| sales[*id as usize].amount as f64 * 0.5 - *id as f64;
            let expected: Vec<f64> = floats.iter().take(10).map(|s| value(&s.id)).collect();
            assert_eq!(first.iter().map(value).collect::<Vec<_>>(), expected, "{engine}");
        });
    }
}

#[dataflow]
fn joined(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<(u64, i64)> {
    sales.join(readings).on(|s| u64::from(s.key / 3), |r| u64::from(r.key) + 1).map(|s, r| (s.id, r.value))
}

#[dataflow]
fn joined_left_computed(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<(u64, String, i64)> {
    sales.join(readings).on(|s| s.key / 3, |r| r.key).map(|s, r| (s.id, s.name, r.value))
}

#[dataflow]
fn joined_right_computed(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<(u64, String, i64)> {
    sales.join(readings).on(|s| s.key, |r| r.key / 3).map(|s, r| (s.id, s.name, r.value))
}

/// The `id`s of a pair's sides.
type Sides = (Option<u64>, Option<u64>);

#[dataflow]
fn left_joined(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
    left.left_join(right)
        .on(|l| l.note.map(str::len), |r| r.coupon.map(|c| c as usize % 10))
        .map(|l, r| (Some(l.id), r.map(|r| r.id)))
}

#[dataflow]
fn right_joined(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
    left.right_join(right)
        .on(|l| (l.name.to_lowercase(), l.key), |r| (r.name, r.key))
        .map(|l, r| (l.map(|l| l.id), Some(r.id)))
}

#[dataflow]
fn full_joined(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<(Option<Sale>, Option<Sale>)> {
    left.full_join(right).on(|l| l.name.to_lowercase(), |r| r.name.trim()).map(|l, r| (l, r))
}

#[dataflow]
fn with_partner(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sale> {
    left.semi_join(right).on(|l| l.amount / 100, |r| r.amount / 100)
}

#[dataflow]
fn without_partner(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sale> {
    left.anti_join(right).on(|l| l.coupon.map(|c| c / 2), |r| r.coupon)
}

/// Reference outer join: pairs of equal keys, and unmatched records of the sides that are kept.
fn pairs<'a, L, R, K: PartialEq>(
    left: &'a [L],
    right: &'a [R],
    keys: (impl Fn(&L) -> Option<K>, impl Fn(&R) -> Option<K>),
    keeps: [bool; 2],
) -> Vec<(Option<&'a L>, Option<&'a R>)> {
    let joins = |l: &L, r: &R| keys.0(l).is_some_and(|key| keys.1(r) == Some(key));
    let mut pairs: Vec<(Option<&L>, Option<&R>)> = Vec::new();
    for l in left {
        let partners: Vec<&R> = right.iter().filter(|r| joins(l, r)).collect();
        pairs.extend(partners.iter().map(|r| (Some(l), Some(*r))));
        pairs.extend((partners.is_empty() && keeps[0]).then_some((Some(l), None)));
    }
    if keeps[1] {
        pairs.extend(right.iter().filter(|r| !left.iter().any(|l| joins(l, r))).map(|r| (None, Some(r))));
    }
    pairs
}

fn sides(input: Input) -> (Vec<Sale>, Vec<Sale>) {
    (input.sales(), input.other(40).sales())
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn joined_pairs_have_equal_computed_keys(input in inputs()) {
        let (sales, readings) = (input.sales(), input.other(25).readings());
        let of = |left: fn(&Sale) -> u32, right: fn(&Reading) -> u32| {
            pairs(&sales, &readings, (move |s: &Sale| Some(left(s)), move |r: &Reading| Some(right(r))), [false, false])
        };
        let flows = |env: &Env| Ok::<_, dataflow::Error>((env.collection(&sales)?, env.collection(&readings)?));
        let expected = of(|s| s.key / 3, |r| r.key + 1).into_iter().filter_map(|(s, r)| Some((s?.id, r?.value)));
        same_on_local_engines(expected.collect(), |env| flows(env).and_then(|(s, r)| joined(s, r).collect()));
        let named = |(s, r): (Option<&Sale>, Option<&Reading>)| Some((s?.id, s?.name.clone(), r?.value));
        let expected = of(|s| s.key / 3, |r| r.key).into_iter().filter_map(named);
        same_on_local_engines(expected.collect(), |env| flows(env).and_then(|(s, r)| joined_left_computed(s, r).collect()));
        let expected = of(|s| s.key, |r| r.key / 3).into_iter().filter_map(named);
        same_on_local_engines(expected.collect(), |env| flows(env).and_then(|(s, r)| joined_right_computed(s, r).collect()));
    }

    #[test]
    fn all_kinds_of_joins_take_computed_keys(input in small_inputs()) {
        let (left, right) = sides(input);
        let flows = |env: &Env| Ok::<_, dataflow::Error>((env.collection(&left)?, env.collection(&right)?));
        let ids = |pairs: Vec<(Option<&Sale>, Option<&Sale>)>| -> Vec<Sides> {
            pairs.into_iter().map(|(l, r)| (l.map(|l| l.id), r.map(|r| r.id))).collect()
        };
        let length = |s: &Sale| s.note.as_ref().map(String::len);
        let coupon = |s: &Sale| s.coupon.map(|c| c as usize % 10);
        let expected = ids(pairs(&left, &right, (length, coupon), [true, false]));
        same_on_all_engines(expected, |env| flows(env).and_then(|(l, r)| left_joined(l, r).collect()));
        let named = |s: &Sale| Some((s.name.to_lowercase(), s.key));
        let expected = ids(pairs(&left, &right, (named, |s: &Sale| Some((s.name.clone(), s.key))), [false, true]));
        same_on_all_engines(expected, |env| flows(env).and_then(|(l, r)| right_joined(l, r).collect()));
        let full = pairs(&left, &right, (|s: &Sale| Some(s.name.to_lowercase()), |s: &Sale| Some(s.name.clone())), [true, true]);
        let expected = full.into_iter().map(|(l, r)| (l.cloned(), r.cloned())).collect();
        same_on_all_engines(expected, |env| flows(env).and_then(|(l, r)| full_joined(l, r).collect()));
        let partners = |l: &&Sale| right.iter().any(|r| r.amount / 100 == l.amount / 100);
        let expected = left.iter().filter(partners).cloned().collect();
        same_on_all_engines(expected, |env| flows(env).and_then(|(l, r)| with_partner(l, r).collect()));
        let partners = |l: &&Sale| right.iter().any(|r| r.coupon.is_some() && r.coupon == l.coupon.map(|c| c / 2));
        let expected = left.iter().filter(|l| !partners(l)).cloned().collect();
        same_on_all_engines(expected, |env| flows(env).and_then(|(l, r)| without_partner(l, r).collect()));
    }
}
