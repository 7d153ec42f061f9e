//! `combine_group`: closures over partial groups, which a later operator merges.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use dataflow::prelude::*;
use dataflow::{Options, ProgressWhen};
use proptest::prelude::*;
use tests::{Input, Keys, PARALLELISM, Reading, Sale, inputs, same_on_all_engines};

use crate::{cases, grouped};

type Sums = (Option<String>, u64, i64);

#[dataflow]
fn partial_sums(sales: DataSet<Sale>, least: i64) -> DataSet<Sums> {
    sales.group_by(|s| s.note).combine_group(|group, out| {
        let (mut note, mut count, mut sum) = (None, 0u64, 0);
        let mut copied = false;
        for s in group {
            if !copied {
                (note, copied) = (s.note.map(str::to_owned), true);
            }
            if s.amount >= least {
                (count, sum) = (count + 1, sum + s.amount);
            }
        }
        out.emit((note, count, sum));
    })
}

/// The usual pattern: partial sums, then a grouping that merges them.
#[dataflow]
fn sums(sales: DataSet<Sale>, least: i64) -> DataSet<Sums> {
    let partial = partial_sums(sales, least);
    partial.group_by(|p| p.0).aggregate(|g| (g.key, g.sum(|p| p.1), g.sum(|p| p.2)))
}

#[dataflow]
fn best_three(sales: DataSet<Sale>) -> DataSet<(String, u64)> {
    let partly = sales.group_by(|s| s.name).sorted_by(|s| (desc(s.amount), s.id)).combine_group(|group, out| {
        for _ in 0..3 {
            if let Some(s) = group.next() {
                out.emit(s);
            }
        }
    });
    partly.group_by(|s| s.name).sorted_by(|s| (desc(s.amount), s.id)).reduce_group(|group, out| {
        let mut left = 3;
        for s in group {
            if left == 0 {
                return;
            }
            left -= 1;
            out.emit((s.name, s.id));
        }
    })
}

/// Emits each partial group's size `copies` times, so that output pages fill up in the middle of
/// the input.
#[dataflow]
fn sizes(readings: DataSet<Reading>, copies: u64) -> DataSet<(u32, u64)> {
    readings.group_by(|r| r.key).combine_group(|group, out| {
        let size = group.len() as u64;
        if let Some(r) = group.next() {
            for _ in 0..copies {
                out.emit((r.key, size));
            }
        }
    })
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn merged_partial_groups_equal_the_whole_groups(input in inputs(), least in -1_100..500i64) {
        let sales = input.sales();
        let total = |(note, group): (Option<String>, Vec<&Sale>)| {
            let kept: Vec<i64> = group.iter().map(|s| s.amount).filter(|&amount| amount >= least).collect();
            (note, kept.len() as u64, kept.iter().sum())
        };
        let expected: Vec<Sums> = grouped(&sales, |s| s.note.clone()).into_iter().map(total).collect();
        same_on_all_engines(expected, |env| sums(env.collection(&sales)?, least).collect());
    }

    #[test]
    fn partial_groups_are_sorted(input in inputs()) {
        let sales = input.sales();
        let mut expected = Vec::new();
        for (name, mut group) in grouped(&sales, |s| s.name.clone()) {
            group.sort_by_key(|s| (Reverse(s.amount), s.id));
            expected.extend(group.into_iter().take(3).map(|s| (name.clone(), s.id)));
        }
        same_on_all_engines(expected, |env| best_three(env.collection(&sales)?).collect());
    }
}

#[test]
fn a_key_has_several_partial_groups_in_little_memory() {
    let readings = Input { rows: 60_000, keys: Keys::Uniform(50), seed: 3 }.readings();
    let groups = grouped(&readings, |r| r.key);
    for parallelism in PARALLELISM {
        let options =
            Options { parallelism, memory_bytes: 6 << 20, progress: ProgressWhen::Never, ..Options::default() };
        let env = Env::new(options);
        let partial = sizes(env.collection(&readings).unwrap(), 7).collect().unwrap();
        assert!(partial.len() > 7 * groups.len() * parallelism, "{parallelism} tasks: {} groups", partial.len());
        let mut found: BTreeMap<u32, u64> = BTreeMap::new();
        partial.iter().for_each(|&(key, size)| *found.entry(key).or_default() += size);
        let expected = groups.iter().map(|(&key, group)| (key, 7 * group.len() as u64)).collect();
        assert_eq!(found, expected, "{parallelism} tasks");
    }
}
