//! `aggregate`: several measures in one pass, with and without a key.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Sale, inputs, same_on_all_engines};

use crate::{cases, grouped};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Summary {
    name: String,
    coupon: Option<i32>,
    total: i64,
    weighted: Decimal<2>,
    mean_bits: u64,
    first: Date,
    last: Date,
    least: i64,
    sales: u64,
}

#[dataflow]
fn summaries(sales: DataSet<Sale>, rate: i64) -> DataSet<Summary> {
    sales.group_by(|s| (s.name, s.coupon)).aggregate(|g| SummaryRef {
        name: g.key.0,
        coupon: g.key.1,
        total: g.sum(|s| s.amount * rate),
        weighted: g.sum(|s| s.price),
        mean_bits: g.avg(|s| s.amount).to_bits(),
        first: g.min(|s| s.day),
        last: g.max(|s| s.day),
        least: g.min(|s| s.amount + 1),
        sales: g.count(),
    })
}

#[dataflow]
fn ungrouped(sales: DataSet<Sale>) -> DataSet<(i64, u64, i64)> {
    sales.aggregate(|g| (g.sum(|s| s.amount), g.count(), g.max(|s| s.amount)))
}

#[dataflow]
fn ratios(sales: DataSet<Sale>) -> DataSet<(u32, i64)> {
    let by_key = sales.group_by(|s| s.key);
    by_key.aggregate(|g| (g.key, g.sum(|s| s.amount) / g.count() as i64)).filter(|r| r.1 >= 0)
}

fn summary(((name, coupon), group): ((String, Option<i32>), Vec<&Sale>), rate: i64) -> Summary {
    let amounts = || group.iter().map(|s| s.amount);
    let days = || group.iter().map(|s| s.day);
    Summary {
        name,
        coupon,
        total: amounts().sum::<i64>() * rate,
        weighted: Decimal::from_scaled(group.iter().map(|s| s.price.scaled()).sum()),
        mean_bits: (amounts().sum::<i64>() as f64 / group.len() as f64).to_bits(),
        first: days().min().unwrap(),
        last: days().max().unwrap(),
        least: amounts().min().unwrap() + 1,
        sales: group.len() as u64,
    }
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn aggregate_computes_all_measures_of_a_group(input in inputs(), rate in -2..3i64) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| (s.name.clone(), s.coupon));
        let expected = groups.into_iter().map(|group| summary(group, rate)).collect();
        same_on_all_engines(expected, |env| summaries(env.collection(&sales)?, rate).collect());
    }

    #[test]
    fn without_a_key_all_records_form_one_group(input in inputs()) {
        let sales = input.sales();
        let amounts = || sales.iter().map(|s| s.amount);
        let expected = amounts().max().map(|most| (amounts().sum(), sales.len() as u64, most));
        same_on_all_engines(expected.into_iter().collect(), |env| ungrouped(env.collection(&sales)?).collect());
    }

    #[test]
    fn measures_may_be_combined_and_filtered(input in inputs()) {
        let sales = input.sales();
        let ratio = |group: &[&Sale]| group.iter().map(|s| s.amount).sum::<i64>() / group.len() as i64;
        let groups = grouped(&sales, |s| s.key).into_iter().map(|(key, group)| (key, ratio(&group)));
        same_on_all_engines(groups.filter(|group| group.1 >= 0).collect(), |env| ratios(env.collection(&sales)?).collect());
    }
}
