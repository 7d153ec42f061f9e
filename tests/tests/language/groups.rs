//! Groups: single aggregates, several in one pass, and `reduce`.

use dataflow::prelude::*;
use tests::{on_each_engine, same_on_all_engines};

use crate::pair;

const SALES: [(&str, i64, f64); 5] =
    [("pen", 3, 1.5), ("ink", 1, 8.0), ("pen", 5, 1.0), ("ink", 2, 7.0), ("cap", 9, 4.0)];

#[derive(Record, Clone, Debug, PartialEq)]
struct Summary {
    item: String,
    sold: i64,
    least: i64,
    most: f64,
    turnover: f64,
    mean: f64,
    share: f64,
    sales: u64,
}

#[dataflow]
fn summaries(sales: DataSet<(String, i64, f64)>, whole: i64) -> DataSet<Summary> {
    sales
        .group_by(|s| s.0)
        .aggregate(|g| {
            let sold = g.sum(|s| s.1);
            SummaryRef {
                item: g.key,
                sold,
                least: g.min(|s| s.1),
                most: g.max(|s| s.2),
                turnover: g.sum(|s| s.1 as f64 * s.2),
                mean: g.sum(|s| s.1 as f64 * s.2) / g.sum(|s| s.1) as f64,
                share: sold as f64 / whole as f64,
                sales: g.count(),
            }
        })
        .sort(|s| asc(s.item))
}

#[test]
fn an_aggregate_may_combine_several_measures() {
    on_each_engine(|engine, env| {
        let found = summaries(env.collection(SALES).unwrap(), 20).collect().unwrap();
        let names = found.iter().map(|summary| summary.item.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["cap", "ink", "pen"], "{engine}");
        let pens = Summary {
            item: "pen".to_owned(),
            sold: 8,
            least: 3,
            most: 1.5,
            turnover: 9.5,
            mean: 9.5 / 8.0,
            share: 0.4,
            sales: 2,
        };
        assert_eq!(found.last(), Some(&pens), "{engine}");
    });
}

#[dataflow]
fn total(sales: DataSet<(String, i64, f64)>) -> DataSet<(i64, u64)> {
    sales.aggregate(|g| (g.sum(|s| s.1), g.count()))
}

#[test]
fn without_a_key_the_flow_is_one_group() {
    same_on_all_engines(vec![(20, 5)], |env| total(env.collection(SALES)?).collect());
}

#[dataflow]
fn per_item(
    sales: DataSet<(String, i64, f64)>,
) -> (DataSet<(String, i64)>, DataSet<(String, f64)>, DataSet<(String, u64)>) {
    let counted = sales.project(|s| (s.0, s.1)).group_by(|s| s.0);
    let sums = counted.sum(|s| s.1);
    let means = counted.avg(|s| s.1);
    let counts = counted.count();
    (sums, means, counts)
}

#[test]
fn a_grouping_can_be_bound_to_a_variable() {
    same_on_all_engines(vec![pair("cap", 9), pair("ink", 3), pair("pen", 8)], |env| {
        per_item(env.collection(SALES)?).0.collect()
    });
    on_each_engine(|engine, env| {
        let means = per_item(env.collection(SALES).unwrap()).1.collect().unwrap();
        assert!(means.contains(&pair("ink", 1.5)), "{engine}: {means:?}");
    });
    same_on_all_engines(vec![pair("cap", 1), pair("ink", 2), pair("pen", 2)], |env| {
        per_item(env.collection(SALES)?).2.collect()
    });
}

#[dataflow]
fn longest(words: DataSet<(u32, String)>) -> DataSet<(u32, String)> {
    words.group_by(|w| w.0).reduce(|a, b| if a.1.len() >= b.1.len() { a } else { b })
}

#[test]
fn reduce_combines_two_records_into_one() {
    same_on_all_engines(vec![(1, "ccc".to_owned()), (2, "bb".to_owned())], |env| {
        longest(env.collection([(1u32, "a"), (2, "bb"), (1, "ccc"), (1, "dd")])?).collect()
    });
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    zip: u32,
    floor: u32,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Home {
    owner: String,
    place: Place,
}

#[dataflow]
fn highest(homes: DataSet<Home>) -> DataSet<(u32, u32)> {
    homes.group_by(|h| h.place.zip).aggregate(|g| (g.key, g.max(|h| h.place.floor)))
}

#[test]
fn keys_and_measures_may_use_nested_fields() {
    let home = |zip, floor| Home { owner: format!("{zip}"), place: Place { zip, floor } };
    let homes = [home(1, 4), home(2, 1), home(1, 7)];
    same_on_all_engines(vec![(1, 7), (2, 1)], |env| highest(env.collection(&homes)?).collect());
}

/// A fold's initial value takes its type from the added values.
#[dataflow]
fn products(sales: DataSet<(String, i64, f64)>, factor: i64) -> DataSet<(String, i64, f64)> {
    sales.group_by(|s| s.0).aggregate(|g| {
        let first = g.fold(1, |product, s| *product *= s.1 * factor, |product, other| *product *= other);
        (g.key, first, g.fold(0.0, |most: &mut f64, s| *most = most.max(s.2), |most, other| *most = most.max(other)))
    })
}

#[test]
fn a_fold_may_start_with_a_plain_number() {
    same_on_all_engines(
        vec![("cap".to_owned(), 18, 40), ("ink".to_owned(), 8, 80), ("pen".to_owned(), 60, 15)],
        |env| {
            let products = products(env.collection(SALES)?, 2).collect()?;
            Ok(products.into_iter().map(|(item, product, most)| (item, product, (most * 10.0) as i64)).collect())
        },
    );
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Reading {
    sensor: u32,
    value: i64,
}

#[dataflow]
fn extremes_of_taken_apart(readings: DataSet<Reading>) -> DataSet<(u32, i64, i64)> {
    readings
        .group_by(|r| r.sensor)
        .aggregate(|g| (g.key, g.min(|Reading { value, .. }| value), g.max(|r: Reading| r.value)))
}

#[test]
fn a_measure_closure_may_destructure_its_record() {
    on_each_engine(|engine, env| {
        let readings = [3, -1, 2].map(|value| Reading { sensor: 7, value });
        let found = extremes_of_taken_apart(env.collection(readings).unwrap()).collect().unwrap();
        assert_eq!(found, [(7, -1, 3)], "{engine}");
    });
}

/// Conditional measures: of fields, of floats, of a value that a condition chooses, and a sum that
/// only large groups use.
#[dataflow]
fn conditional(sales: DataSet<(String, i64, f64)>, least: i64) -> DataSet<(String, i64, i64, i64, u64)> {
    sales.group_by(|s| s.0).aggregate(|g| {
        let mean = g.avg(|s| s.1);
        let sum = if g.count() > 1 { g.sum(|s| s.1) } else { -1 };
        let turnover = if mean > 1.0 { g.sum(|s| s.1 as f64 * s.2.sqrt() - f64::from(1)) } else { mean };
        let most = (g.count() > 1).then(|| g.max(|s| if s.1 > least { s.1 } else { i64::MIN }));
        (g.key, sum, turnover as i64, most.unwrap_or(0), g.count())
    })
}

#[test]
fn conditional_measures_belong_to_their_group() {
    let sales = vec![("pen".to_owned(), 3i64, 4.0), ("ink".to_owned(), 1, 9.0), ("pen".to_owned(), 5, 1.0)];
    let expected = vec![("ink".to_owned(), -1, 1, 0, 1), ("pen".to_owned(), 8, 9, 5, 2)];
    same_on_all_engines(expected, move |env| conditional(env.collection(sales.clone())?, 4).collect());
}

#[dataflow]
fn sums_of_pairs(sales: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    sales.group_by(|s| s.0).aggregate(|g| (g.key, if g.count() == 2 { g.sum(|s| s.1) } else { 0 }))
}

#[dataflow]
fn sums_of_pairs_and_medians(sales: DataSet<(u32, i64)>) -> DataSet<(u32, i64, f64)> {
    sales.group_by(|s| s.0).aggregate(|g| (g.key, if g.count() == 2 { g.sum(|s| s.1) } else { 0 }, g.median(|s| s.1)))
}

#[test]
fn a_sum_out_of_range_fails_only_if_used() {
    let sales = |count: usize| [vec![(1u32, i64::MAX); count], vec![(2, 3), (2, 4)]].concat();
    same_on_all_engines(vec![(1, 0), (2, 7)], move |env| sums_of_pairs(env.collection(sales(3))?).collect());
    on_each_engine(|engine, env| {
        let error = sums_of_pairs(env.collection(sales(2)).unwrap()).collect().unwrap_err().to_string();
        assert!(error.contains("leaves the type's range") && error.contains("groups.rs"), "{engine}: {error}");
        let three = sums_of_pairs_and_medians(env.collection(sales(3)).unwrap()).collect();
        assert_eq!(three.unwrap().iter().find(|it| it.0 == 1), Some(&(1, 0, i64::MAX as f64)), "{engine}");
        let error = sums_of_pairs_and_medians(env.collection(sales(2)).unwrap()).collect().unwrap_err().to_string();
        assert!(error.contains("leaves the type's range"), "{engine}: {error}");
    });
}
