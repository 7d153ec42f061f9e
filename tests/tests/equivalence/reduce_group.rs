//! `reduce_group`: closures over whole groups, sorted and unsorted.

use std::cmp::Reverse;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Reading, Sale, inputs, same_on_all_engines};

use crate::{cases, grouped};

/// The key, the count, the sum, and the greatest name.
#[dataflow]
fn summaries(sales: DataSet<Sale>, least: i64) -> DataSet<(Option<i32>, u64, i64, String)> {
    sales.group_by(|s| s.coupon).reduce_group(|g, out| {
        let (mut key, mut count, mut total, mut name) = (None, 0u64, 0, String::new());
        for s in g {
            if s.amount < least {
                continue;
            }
            (key, count, total) = (s.coupon, count + 1, total + s.amount);
            if *s.name > *name {
                name = s.name.to_owned();
            }
        }
        out.emit((key, count, total, name));
    })
}

/// Each record with its rank in its group, from 1, and its distance to the previous record.
#[dataflow]
fn numbered(sales: DataSet<Sale>) -> DataSet<(String, u64, u64, i64)> {
    sales.group_by(|s| s.name).sorted_by(|s| (desc(s.note), asc(s.amount), s.id)).reduce_group(|g, out| {
        let (mut number, mut before) = (0u64, 0);
        for Sale { id, name, amount, .. } in g.owned() {
            number += 1;
            out.emit((name, number, id, amount - before));
            before = amount;
        }
    })
}

/// Stops in the middle of a group, and emits nothing for others.
#[dataflow]
fn leading(readings: DataSet<Reading>, count: u64) -> DataSet<(u32, i64)> {
    let sorted = readings.group_by(|r| r.key).sorted_by(|r| desc(r.value));
    sorted.reduce_group(|group, out| {
        let mut left = count;
        for r in group {
            if r.key % 2 == 1 || left == 0 {
                return;
            }
            left -= 1;
            out.emit((r.key, r.value));
        }
    })
}

#[dataflow]
fn first_of_sorted(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.group_by(|s| s.key).sorted_by(|s| (s.day, desc(s.id))).first(2).project(|s| s.id)
}

/// Emits more records for one group than a page holds.
#[dataflow]
fn many(readings: DataSet<Reading>, copies: u64) -> DataSet<(u32, u64)> {
    readings.group_by(|r| r.key).reduce_group(|group, out| {
        let size = group.len() as u64;
        if let Some(r) = group.next() {
            for copy in 0..copies {
                out.emit((r.key, copy * size));
            }
        }
    })
}

/// One call for the whole flow: the number of records, with every hundredth record in order.
#[dataflow]
fn whole(sales: DataSet<Sale>, limit: i64) -> DataSet<(u64, u64, String)> {
    let kept = sales.filter(|s| s.amount < limit).map(|s| (s.name, s.id)).sort(|s| (s.0, desc(s.1)));
    kept.reduce_group(|sales, out| {
        let (count, mut place) = (sales.len() as u64, 0u64);
        for s in sales {
            place += 1;
            if place % 100 == 1 {
                out.emit((count, s.1, s.0));
            }
        }
    })
}

/// Ungrouped and unordered, over several tasks.
#[dataflow]
fn extent(readings: DataSet<Reading>) -> DataSet<(i64, u64)> {
    readings.reduce_group(|readings, out| {
        let (mut most, mut count) = (i64::MIN, 0);
        for r in readings {
            (most, count) = (most.max(r.value), count + r.count);
        }
        out.emit((most, count));
    })
}

fn in_order(mut group: Vec<&Sale>) -> Vec<&Sale> {
    group.sort_by_key(|s| (s.note.is_none(), Reverse(s.note.clone()), s.amount, s.id));
    group
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn closure_sees_each_record_of_a_group_once(input in inputs(), least in -1_100..500i64) {
        let sales = input.sales();
        let summary = |(key, group): (Option<i32>, Vec<&Sale>)| {
            let seen: Vec<&&Sale> = group.iter().filter(|s| s.amount >= least).collect();
            let key = key.filter(|_| !seen.is_empty());
            let name = seen.iter().map(|s| s.name.clone()).max().unwrap_or_default();
            (key, seen.len() as u64, seen.iter().map(|s| s.amount).sum(), name)
        };
        let expected = grouped(&sales, |s| s.coupon).into_iter().map(summary).collect();
        same_on_all_engines(expected, |env| summaries(env.collection(&sales)?, least).collect());
    }

    #[test]
    fn records_of_sorted_groups_arrive_in_order(input in inputs()) {
        let sales = input.sales();
        let mut expected = Vec::new();
        for (name, group) in grouped(&sales, |s| s.name.clone()) {
            let mut before = 0;
            for (place, s) in in_order(group).into_iter().enumerate() {
                expected.push((name.clone(), place as u64 + 1, s.id, s.amount - before));
                before = s.amount;
            }
        }
        same_on_all_engines(expected, |env| numbered(env.collection(&sales)?).collect());
    }

    #[test]
    fn an_ordered_flow_without_a_key_is_one_group(input in inputs(), limit in -1_000..1_000i64) {
        let mut kept: Vec<Sale> = input.sales().into_iter().filter(|s| s.amount < limit).collect();
        kept.sort_by_key(|s| (s.name.clone(), Reverse(s.id)));
        let count = kept.len() as u64;
        let expected = kept.iter().step_by(100).map(|s| (count, s.id, s.name.clone())).collect();
        same_on_all_engines(expected, |env| whole(env.collection(input.sales())?, limit).collect());
    }

    #[test]
    fn an_empty_flow_has_no_group(input in inputs()) {
        let readings = input.readings();
        let most = readings.iter().map(|r| r.value).max();
        let expected = most.map(|most| (most, readings.len() as u64)).into_iter().collect();
        same_on_all_engines(expected, |env| extent(env.collection(&readings)?).collect());
    }

    #[test]
    fn a_closure_may_stop_reading_a_group(input in inputs(), count in 0..30u64) {
        let readings = input.readings();
        let first = |(key, group): (u32, Vec<&Reading>)| {
            let mut values: Vec<i64> = group.iter().map(|r| r.value).collect();
            values.sort_by_key(|&value| Reverse(value));
            values.into_iter().take(count as usize).map(move |value| (key, value)).collect::<Vec<_>>()
        };
        let groups = grouped(&readings, |r| r.key).into_iter().filter(|(key, _)| key % 2 == 0);
        same_on_all_engines(groups.flat_map(first).collect(), |env| leading(env.collection(&readings)?, count).collect());
    }

    #[test]
    fn the_first_records_of_sorted_groups_are_returned(input in inputs()) {
        let sales = input.sales();
        let first = |mut group: Vec<&Sale>| {
            group.sort_by_key(|s| (s.day, Reverse(s.id)));
            group.into_iter().take(2).map(|s| s.id).collect::<Vec<_>>()
        };
        let expected = grouped(&sales, |s| s.key).into_values().flat_map(first).collect();
        same_on_all_engines(expected, |env| first_of_sorted(env.collection(&sales)?).collect());
    }

    #[test]
    fn one_group_may_emit_several_pages(input in inputs(), copies in prop_oneof![0..3u64, 10_000..20_000u64]) {
        let readings = input.readings();
        let readings = &readings[..readings.len().min(50)];
        let groups = grouped(readings, |r| r.key).into_iter();
        let expected = groups.flat_map(|(key, group)| (0..copies).map(move |copy| (key, copy * group.len() as u64)));
        same_on_all_engines(expected.collect(), |env| many(env.collection(readings)?, copies).collect());
    }
}
