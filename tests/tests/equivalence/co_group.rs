//! `co_group`: closures over the groups of two flows, sorted and unsorted.

use std::collections::{BTreeMap, BTreeSet};

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Folder, Reading, Sale, inputs, local, same_on_all_engines};

use crate::{cases, grouped};

/// Grouped by a number: counts and sums of both sides.
type Balance = (u32, u64, i64, u64, i64);

#[dataflow]
fn balances(sales: DataSet<Sale>, readings: DataSet<Reading>, least: i64) -> DataSet<Balance> {
    let both = sales.co_group(readings).on(|s| s.key, |r| r.key);
    both.reduce_group(|sales, readings, out| {
        let mut balance: Balance = (0, 0, 0, 0, 0);
        for s in sales {
            if s.amount < least {
                continue;
            }
            balance = (s.key, balance.1 + 1, balance.2 + s.amount, balance.3, balance.4);
        }
        for r in readings {
            balance = (r.key, balance.1, balance.2, balance.3 + r.count, balance.4 + r.value);
        }
        out.emit(balance);
    })
}

/// Grouped by an optional text and an optional number, in order: sizes, and the first record of
/// each side.
type Firsts = (u64, u64, Option<u64>, Option<u64>);

#[dataflow]
fn firsts(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Firsts> {
    let both = left.filter(|s| s.amount > 0).co_group(right).on(|l| (l.note, l.coupon), |r| (r.note, r.coupon));
    both.sorted_by(|l| (desc(l.day), l.id), |r| (r.price, desc(r.id))).reduce_group(|lefts, rights, out| {
        out.emit((lefts.len() as u64, rights.len() as u64, lefts.next().map(|l| l.id), rights.next().map(|r| r.id)));
    })
}

/// Grouped by a key that both sides compute, in an order that the left side computes.
#[dataflow]
fn by_computed(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<(u64, u64, Option<u64>, Option<u64>)> {
    left.co_group(right)
        .on(|l| (l.name.len(), l.key % 3), |r| (r.day.day() as u64, r.key))
        .sorted_by(|l| l.price * 2, |r| desc(r.amount / 2))
        .sorted_by(|l| (desc(l.amount * 2), l.id), |r| r.id)
        .reduce_group(|lefts, rights, out| {
            let sizes = (lefts.len() as u64, rights.len() as u64);
            out.emit((sizes.0, sizes.1, lefts.next().map(|l| l.id), rights.next().map(|r| r.id)));
        })
}

/// A join written by hand: pairs each record of one side with those of the other. Both sides are
/// the same flow.
#[dataflow]
fn pairs(sales: DataSet<Sale>) -> DataSet<(String, u64, u64)> {
    let cheap = sales.filter(|s| s.amount % 3 == 0);
    sales
        .co_group(cheap)
        .on(|s| s.name, |c| c.name)
        .reduce_group(|sales, cheap, out| {
            let cheap = cheap.owned();
            for s in sales {
                for c in cheap.iter().take(3) {
                    out.emit((s.name, s.id, u64::from(c.key)));
                }
            }
        })
        .filter(|p| p.1 % 2 == 0)
}

/// Stops reading groups early, and emits nothing for many of them.
#[dataflow]
fn only_left(left: DataSet<Reading>, right: DataSet<Reading>) -> DataSet<u32> {
    left.co_group(right).on(|l| l.key, |r| r.key).reduce_group(|lefts, rights, out| {
        if rights.is_empty()
            && let Some(l) = lefts.next()
        {
            out.emit(l.key);
        }
    })
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn closure_sees_each_record_of_both_groups_once(input in inputs(), rows in 0..9_000usize, least in -1_100..500i64) {
        let (sales, readings) = (input.sales(), input.other(rows).readings());
        let mut expected: BTreeMap<u32, Balance> = BTreeMap::new();
        for s in &sales {
            let known = expected.entry(s.key).or_default();
            if s.amount >= least {
                (known.0, known.1, known.2) = (s.key, known.1 + 1, known.2 + s.amount);
            }
        }
        for r in &readings {
            let known = expected.entry(r.key).or_default();
            (known.0, known.3, known.4) = (r.key, known.3 + 1, known.4 + r.value);
        }
        same_on_all_engines(expected.into_values().collect(), |env| {
            balances(env.collection(&sales)?, env.collection(&readings)?, least).collect()
        });
    }

    #[test]
    fn both_groups_are_sorted_and_null_is_a_key(input in inputs(), rows in 0..9_000usize) {
        let (left, right) = (input.sales(), input.other(rows).sales());
        let positive: Vec<Sale> = left.iter().filter(|s| s.amount > 0).cloned().collect();
        let key = |s: &Sale| (s.note.clone(), s.coupon);
        let (lefts, rights) = (grouped(&positive, key), grouped(&right, key));
        let keys: BTreeSet<_> = lefts.keys().chain(rights.keys()).collect();
        let of_key = |key| {
            let (l, r) = (lefts.get(key).cloned().unwrap_or_default(), rights.get(key).cloned().unwrap_or_default());
            let first = l.iter().min_by_key(|s| (std::cmp::Reverse(s.day), s.id)).map(|s| s.id);
            let other = r.iter().min_by_key(|s| (s.price, std::cmp::Reverse(s.id))).map(|s| s.id);
            (l.len() as u64, r.len() as u64, first, other)
        };
        let expected = keys.into_iter().map(of_key).collect();
        same_on_all_engines(expected, |env| firsts(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn keys_and_orders_may_be_computed(input in inputs(), rows in 0..9_000usize) {
        let (left, right) = (input.sales(), input.other(rows).sales());
        let lefts = grouped(&left, |s| (s.name.len() as u64, s.key % 3));
        let rights = grouped(&right, |s| (u64::from(s.day.day()), s.key));
        let keys: BTreeSet<_> = lefts.keys().chain(rights.keys()).collect();
        let of_key = |key| {
            let (l, r) = (lefts.get(key).cloned().unwrap_or_default(), rights.get(key).cloned().unwrap_or_default());
            let first = l.iter().min_by_key(|s| (std::cmp::Reverse(s.amount), s.id)).map(|s| s.id);
            (l.len() as u64, r.len() as u64, first, r.iter().map(|s| s.id).min())
        };
        let expected = keys.into_iter().map(of_key).collect();
        same_on_all_engines(expected, |env| by_computed(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn a_flow_can_be_co_grouped_with_itself(input in inputs()) {
        let sales = input.sales();
        let mut expected = Vec::new();
        for (name, group) in grouped(&sales, |s| s.name.clone()) {
            // All records with one name have the same key.
            let others = group.iter().filter(|s| s.amount % 3 == 0).take(3).map(|s| u64::from(s.key)).collect::<Vec<_>>();
            let even = group.iter().filter(|s| s.id % 2 == 0);
            expected.extend(even.flat_map(|s| others.iter().map(|&key| (name.clone(), s.id, key))));
        }
        same_on_all_engines(expected, |env| pairs(env.collection(&sales)?).collect());
    }

    #[test]
    fn one_side_may_have_no_records(input in inputs(), rows in 0..50usize) {
        let (left, right) = (input.readings(), input.other(rows).readings());
        let known = grouped(&right, |r| r.key);
        let expected: Vec<u32> = grouped(&left, |l| l.key).into_keys().filter(|key| !known.contains_key(key)).collect();
        same_on_all_engines(expected, |env| only_left(env.collection(&left)?, env.collection(&right)?).collect());
    }
}

#[test]
fn two_empty_flows_have_no_groups() {
    same_on_all_engines(Vec::new(), |env| {
        only_left(env.collection(Vec::<Reading>::new())?, env.collection(Vec::<Reading>::new())?).collect()
    });
}

#[test]
fn explain_shows_key_and_orders() {
    let (env, folder) = (local(2), Folder::default());
    let sales = env.collection(Vec::<Sale>::new()).unwrap();
    firsts(sales.clone(), sales.clone()).write_csv(folder.join("never written"));
    only_left(env.collection(Vec::<Reading>::new()).unwrap(), env.collection(Vec::<Reading>::new()).unwrap())
        .write_csv(folder.join("never written either"));
    sales.reduce_group(|all, out| out.emit(all.len() as u64)).write_csv(folder.join("never written here"));
    let plan = env.explain().unwrap();
    let said = [
        ", left sorted by day descending, id, right sorted by price, id descending",
        "co_group on key = key ",
        "external sort of both, co_group",
        "keep, then reduce_group",
    ];
    said.iter().for_each(|words| assert!(plan.contains(words), "{words}:\n{plan}"));
}
