//! `fold` and `fold_with`: measures with an accumulator of the user's type.

use dataflow::Aggregator;
use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Sale, inputs, same_on_all_engines};

use crate::{cases, grouped};

/// An accumulator with leaves of several kinds, including an enum, an option and an array.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Extent {
    least: i64,
    most: i64,
    latest: Option<Date>,
    weekdays: [u16; 7],
    seen: Seen,
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Nothing,
    Coupon { greatest: i32 },
}

impl Extent {
    const EMPTY: Extent =
        Extent { least: i64::MAX, most: i64::MIN, latest: None, weekdays: [0; 7], seen: Seen::Nothing };

    fn merge(&mut self, other: Extent) {
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.latest = self.latest.max(other.latest);
        self.weekdays.iter_mut().zip(other.weekdays).for_each(|(count, more)| *count += more);
        self.seen = self.seen.max(other.seen);
    }

    fn of(amount: i64, day: Date, coupon: Option<i32>) -> Extent {
        let mut weekdays = [0; 7];
        weekdays[day.days() as usize % 7] = 1;
        let seen = coupon.map_or(Seen::Nothing, |greatest| Seen::Coupon { greatest });
        Extent { least: amount, most: amount, latest: Some(day), weekdays, seen }
    }

    fn range(&self) -> i64 {
        self.most - self.least
    }
}

type Row = (Option<String>, u64, i64, Option<Date>, [u16; 7], i32, u64, i64);

#[dataflow]
fn extents(sales: DataSet<Sale>, offset: i64) -> DataSet<Row> {
    let known = sales.filter(|s| s.amount != 13);
    known.group_by(|s| s.note).aggregate(|g| {
        let extent = g.fold(
            Extent::EMPTY,
            |extent, s| extent.merge(Extent::of(s.amount + offset, s.day, s.coupon)),
            |extent, other| extent.merge(other),
        );
        let coupon = match extent.seen {
            Seen::Nothing => -100,
            Seen::Coupon { greatest } => greatest,
        };
        (
            g.key,
            g.count(),
            extent.range(),
            extent.latest,
            extent.weekdays,
            coupon,
            g.count_distinct(|s| s.name),
            g.max(|s| s.amount),
        )
    })
}

/// A hash of a group that does not depend on the order of its records. It hashes a text without
/// storing it.
#[derive(Clone, Copy)]
struct Digest {
    seed: u64,
}

impl Aggregator for Digest {
    type Input = u64;
    type Accumulator = u64;
    type Output = String;

    fn init(&self) -> u64 {
        self.seed
    }
    fn accumulate(&self, digest: &mut u64, value: u64) {
        *digest ^= value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    fn merge(&self, digest: &mut u64, other: u64) {
        *digest ^= other ^ self.seed;
    }
    fn finish(&self, digest: u64) -> String {
        format!("{:x}", digest ^ self.seed)
    }
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(7, |hash, byte| hash.wrapping_mul(31) + u64::from(byte))
}

/// One aggregator used for two measures, which get a copy each, and a fold into a plain number.
#[dataflow]
fn digests(sales: DataSet<Sale>, seed: u64) -> DataSet<(u32, Option<i32>, String, String, i64)> {
    let digest = Digest { seed };
    sales.group_by(|s| (s.key, s.coupon)).aggregate(|g| {
        let names = g.fold_with(digest, |s| hash(s.name));
        let squares = g.fold(0i64, |sum, s| *sum += s.amount * s.amount, |sum, other| *sum += other);
        (g.key.0, g.key.1, names, g.fold_with(digest, |s| s.id), squares)
    })
}

#[dataflow]
fn ungrouped(sales: DataSet<Sale>, seed: u64) -> DataSet<(String, i64, u64)> {
    sales.aggregate(|g| (g.fold_with(Digest { seed }, |s| s.id), g.sum(|s| s.amount), g.count()))
}

fn digest(values: impl Iterator<Item = u64>) -> String {
    format!("{:x}", values.fold(0, |digest, value| digest ^ value.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn accumulator_of_many_leaves_works_next_to_other_measures(input in inputs(), offset in -100..100i64) {
        let sales: Vec<Sale> = input.sales().into_iter().filter(|s| s.amount != 13).collect();
        let extent = |(note, group): (Option<String>, Vec<&Sale>)| {
            let mut weekdays = [0; 7];
            group.iter().for_each(|s| weekdays[s.day.days() as usize % 7] += 1);
            let amounts = || group.iter().map(|s| s.amount + offset);
            let names: std::collections::BTreeSet<&str> = group.iter().map(|s| s.name.as_str()).collect();
            (
                note,
                group.len() as u64,
                amounts().max().unwrap() - amounts().min().unwrap(),
                group.iter().map(|s| s.day).max(),
                weekdays,
                group.iter().filter_map(|s| s.coupon).max().unwrap_or(-100),
                names.len() as u64,
                group.iter().map(|s| s.amount).max().unwrap(),
            )
        };
        let expected = grouped(&sales, |s| s.note.clone()).into_iter().map(extent).collect();
        same_on_all_engines(expected, |env| extents(env.collection(&sales)?, offset).collect());
    }

    #[test]
    fn an_aggregator_serves_several_measures(input in inputs(), seed in any::<u64>()) {
        let sales = input.sales();
        let of_group = |((key, coupon), group): ((u32, Option<i32>), Vec<&Sale>)| {
            let squares = group.iter().map(|s| s.amount * s.amount).sum();
            let names = digest(group.iter().map(|s| hash(&s.name)));
            (key, coupon, names, digest(group.iter().map(|s| s.id)), squares)
        };
        let expected = grouped(&sales, |s| (s.key, s.coupon)).into_iter().map(of_group).collect();
        same_on_all_engines(expected, |env| digests(env.collection(&sales)?, seed).collect());
    }

    #[test]
    fn a_whole_flow_is_folded(input in inputs(), seed in any::<u64>()) {
        let sales = input.sales();
        let all = (digest(sales.iter().map(|s| s.id)), sales.iter().map(|s| s.amount).sum(), sales.len() as u64);
        let expected = (!sales.is_empty()).then_some(all).into_iter().collect();
        same_on_all_engines(expected, |env| ungrouped(env.collection(&sales)?, seed).collect());
    }
}
