//! `group_by` with one aggregate: `sum`, `min`, `max`, `count`, `avg`.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Reading, Sale, inputs, same_on_all_engines};

use crate::{cases, grouped};

#[dataflow]
fn sum(sales: DataSet<Sale>) -> DataSet<(u32, i64)> {
    sales.project(|s| (s.key, s.amount)).group_by(|s| s.0).sum(|s| s.1)
}

#[dataflow]
fn sum_by_text(sales: DataSet<Sale>) -> DataSet<(String, Decimal<2>)> {
    sales.project(|s| (s.name, s.price)).group_by(|s| s.0).sum(|s| s.1)
}

#[dataflow]
fn sum_by_several(sales: DataSet<Sale>) -> DataSet<(Option<i32>, i64, Option<String>)> {
    sales.project(|s| (s.coupon, s.amount, s.note)).group_by(|s| (s.2, s.0)).sum(|s| s.1)
}

#[dataflow]
fn min(sales: DataSet<Sale>) -> DataSet<(Date, u32)> {
    sales.project(|s| (s.day, s.key)).group_by(|s| s.1).min(|s| s.0)
}

#[dataflow]
fn max(sales: DataSet<Sale>) -> DataSet<(u32, Decimal<2>)> {
    sales.project(|s| (s.key, s.price)).group_by(|s| s.0).max(|s| s.1)
}

#[dataflow]
fn count(sales: DataSet<Sale>) -> DataSet<(Option<i32>, u64)> {
    sales.group_by(|s| s.coupon).count()
}

#[dataflow]
fn count_by_several(sales: DataSet<Sale>) -> DataSet<((String, Date), u64)> {
    sales.group_by(|s| (s.name, s.day)).count()
}

#[dataflow]
fn avg(sales: DataSet<Sale>) -> DataSet<(u32, u64)> {
    // Compared as bits, because floats do not implement `Ord`.
    sales.group_by(|s| s.key).avg(|s| s.amount).map(|s| (s.0, s.1.to_bits()))
}

#[dataflow]
fn narrow(readings: DataSet<Reading>) -> DataSet<(u32, u64)> {
    readings.group_by(|r| r.key).count()
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn sum_by_a_number_matches_iterators(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| s.key);
        let expected = groups.into_iter().map(|(key, group)| (key, group.iter().map(|s| s.amount).sum())).collect();
        same_on_all_engines(expected, |env| sum(env.collection(&sales)?).collect());
    }

    #[test]
    fn sum_by_a_text_matches_iterators(input in inputs()) {
        let sales = input.sales();
        let total = |group: Vec<&Sale>| Decimal::from_scaled(group.iter().map(|s| s.price.scaled()).sum());
        let expected = grouped(&sales, |s| s.name.clone()).into_iter().map(|(name, group)| (name, total(group))).collect();
        same_on_all_engines(expected, |env| sum_by_text(env.collection(&sales)?).collect());
    }

    #[test]
    fn nulls_form_a_group(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| (s.note.clone(), s.coupon)).into_iter();
        let total = |group: Vec<&Sale>| group.iter().map(|s| s.amount).sum();
        let expected = groups.map(|((note, coupon), group)| (coupon, total(group), note)).collect();
        same_on_all_engines(expected, |env| sum_by_several(env.collection(&sales)?).collect());
    }

    #[test]
    fn min_matches_iterators(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| s.key).into_iter();
        let expected = groups.map(|(key, group)| (group.iter().map(|s| s.day).min().unwrap(), key)).collect();
        same_on_all_engines(expected, |env| min(env.collection(&sales)?).collect());
    }

    #[test]
    fn max_matches_iterators(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| s.key).into_iter();
        let expected = groups.map(|(key, group)| (key, group.iter().map(|s| s.price).max().unwrap())).collect();
        same_on_all_engines(expected, |env| max(env.collection(&sales)?).collect());
    }

    #[test]
    fn count_by_an_option_matches_iterators(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| s.coupon).into_iter();
        same_on_all_engines(groups.map(|(key, group)| (key, group.len() as u64)).collect(), |env| {
            count(env.collection(&sales)?).collect()
        });
    }

    #[test]
    fn count_is_right_for_pages_with_several_windows(input in inputs()) {
        let readings = input.readings();
        let groups = grouped(&readings, |r| r.key).into_iter();
        same_on_all_engines(groups.map(|(key, group)| (key, group.len() as u64)).collect(), |env| {
            narrow(env.collection(&readings)?).collect()
        });
    }

    #[test]
    fn count_by_several_keys_matches_iterators(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| (s.name.clone(), s.day)).into_iter();
        same_on_all_engines(groups.map(|(key, group)| (key, group.len() as u64)).collect(), |env| {
            count_by_several(env.collection(&sales)?).collect()
        });
    }

    #[test]
    fn avg_is_the_exact_sum_divided_once(input in inputs()) {
        let sales = input.sales();
        let mean = |group: &[&Sale]| group.iter().map(|s| s.amount).sum::<i64>() as f64 / group.len() as f64;
        let groups = grouped(&sales, |s| s.key).into_iter();
        same_on_all_engines(groups.map(|(key, group)| (key, mean(&group).to_bits())).collect(), |env| {
            avg(env.collection(&sales)?).collect()
        });
    }
}

#[dataflow]
fn count_pairs(pairs: DataSet<(String, String)>) -> DataSet<((String, String), u64)> {
    pairs.group_by(|p| (p.0, p.1)).count()
}

/// A few groups are distinguished by short codes of their keys. Texts with equal codes are still
/// different groups.
#[test]
fn few_groups_of_similar_texts_stay_apart() {
    let texts: Vec<String> =
        ["", "\u{1}", "\u{1}\0", "a", "a\0", "ab", "abc", "abcd", "abce", "abcd\0\0\0\0\0\0\0\0\0"]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("\u{1}\0\0\0{}", "x".repeat(252)), format!("\u{1}\0\0\0{}", "y".repeat(252))])
            .collect();
    let pairs: Vec<(String, String)> = (0..1_000)
        .map(|step: usize| (texts[step % 7 * 5 % texts.len()].clone(), texts[step * step % texts.len()].clone()))
        .chain([
            (texts[10].clone(), texts[10].clone()),
            (String::new(), String::new()),
            (texts[10].clone(), texts[11].clone()),
        ])
        .collect();
    let groups = grouped(&pairs, |pair| pair.clone());
    assert!(groups.len() < 60, "{}", groups.len());
    let expected = groups.into_iter().map(|(key, group)| (key, group.len() as u64)).collect();
    same_on_all_engines(expected, |env| count_pairs(env.collection(&pairs)?).collect());
}
