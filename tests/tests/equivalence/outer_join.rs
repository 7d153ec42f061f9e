//! Left, right and full joins, anti-joins, products, and flows of one record used as values, for
//! every build side and ship strategy.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Input, Reading, Sale, inputs, same_on_all_engines, same_on_local_engines, small_inputs};

use crate::cases;

type Sides = (Option<u64>, Option<i64>);

#[dataflow]
fn left(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<(u64, Option<i64>)> {
    sales.left_join(readings).on(|s| s.key, |r| r.key).map(|s, r| (s.id, r.map(|r| r.value)))
}

#[dataflow]
fn right(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<(Option<u64>, i64)> {
    sales.right_join(readings).on(|s| s.key, |r| r.key).map(|s, r| (s.map(|s| s.id), r.value))
}

#[dataflow]
fn full(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<Sides> {
    sales.full_join(readings).on(|s| s.key, |r| r.key).map(|s, r| (s.map(|s| s.id), r.map(|r| r.value)))
}

/// Keys are nullable texts. The closure keeps whole records.
#[dataflow]
fn full_by_options(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<(Option<Sale>, Option<Sale>)> {
    left.full_join(right).on(|l| (l.note, l.coupon), |r| (r.note, r.coupon)).map(|l, r| (l, r))
}

/// A filter after the join sees the missing sides.
#[dataflow]
fn without_partner(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<u64> {
    sales.left_join(readings).on(|s| s.key, |r| r.key).filter(|_, r| r.is_none()).map(|s, _| s.id)
}

#[dataflow]
fn anti(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<Sale> {
    sales.anti_join(readings).on(|s| s.key, |r| r.key)
}

#[dataflow]
fn anti_by_options(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<u64> {
    left.anti_join(right).on(|l| l.coupon, |r| r.coupon).project(|s| s.id)
}

#[dataflow]
fn product(left: DataSet<Sale>, right: DataSet<Reading>) -> DataSet<(u64, String, i64)> {
    left.cross(right).filter(|l, r| l.amount < r.value).map(|l, r| (l.id, l.name, r.value))
}

#[dataflow]
fn above_average(sales: DataSet<Sale>) -> DataSet<u64> {
    let average = sales.aggregate(|g| (g.avg(|s| s.amount), g.count()));
    sales.with(average).filter(|s, average| s.amount as f64 > average.0).map(|s, _| s.id)
}

/// All pairs with equal keys, then the unmatched records of each side.
fn joined<'a, L, R, K: PartialEq>(
    left: &'a [L],
    right: &'a [R],
    keys: (impl Fn(&L) -> Option<K>, impl Fn(&R) -> Option<K>),
    keeps: [bool; 2],
) -> Vec<(Option<&'a L>, Option<&'a R>)> {
    let equal = |l: &L, r: &R| keys.0(l).is_some_and(|key| keys.1(r) == Some(key));
    let mut all: Vec<_> = left
        .iter()
        .flat_map(|l| right.iter().filter(|r| equal(l, r)).map(|r| (Some(l), Some(r))).collect::<Vec<_>>())
        .collect();
    if keeps[0] {
        all.extend(left.iter().filter(|l| !right.iter().any(|r| equal(l, r))).map(|l| (Some(l), None)));
    }
    if keeps[1] {
        all.extend(right.iter().filter(|r| !left.iter().any(|l| equal(l, r))).map(|r| (None, Some(r))));
    }
    all
}

fn sides(input: Input, rows: usize) -> (Vec<Sale>, Vec<Reading>) {
    // Half of the keys have no partner, on both sides.
    let sales = input.sales();
    let readings = input.other(rows).readings().into_iter().map(|r| Reading { key: r.key * 2, ..r }).collect();
    (sales, readings)
}

fn by_number(sales: &[Sale], readings: &[Reading], keeps: [bool; 2]) -> Vec<Sides> {
    let pairs = joined(sales, readings, (|s: &Sale| Some(s.key), |r: &Reading| Some(r.key)), keeps);
    pairs.into_iter().map(|(s, r)| (s.map(|s| s.id), r.map(|r| r.value))).collect()
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn left_join_keeps_unmatched_left_records(input in inputs(), rows in 0usize..40) {
        let (sales, readings) = sides(input, rows);
        let expected: Vec<_> = by_number(&sales, &readings, [true, false]).into_iter().map(|(s, r)| (s.unwrap(), r)).collect();
        same_on_local_engines(expected, |env| left(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn right_join_keeps_unmatched_right_records(input in inputs(), rows in 0usize..40) {
        let (sales, readings) = sides(input, rows);
        let expected: Vec<_> = by_number(&sales, &readings, [false, true]).into_iter().map(|(s, r)| (s, r.unwrap())).collect();
        same_on_local_engines(expected, |env| right(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn full_join_keeps_unmatched_records_of_both_sides(input in inputs(), rows in 0usize..40) {
        let (sales, readings) = sides(input, rows);
        let expected = by_number(&sales, &readings, [true, true]);
        same_on_local_engines(expected, |env| full(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn outer_joins_are_equal_on_all_engines(input in small_inputs(), rows in 0usize..60) {
        let (sales, readings) = sides(input, rows);
        let flows = |env: &Env| Ok::<_, dataflow::Error>((env.collection(&sales)?, env.collection(&readings)?));
        let of = |keeps| by_number(&sales, &readings, keeps);
        let lefts = of([true, false]).into_iter().map(|(s, r)| (s.unwrap(), r)).collect();
        same_on_all_engines(lefts, |env| flows(env).and_then(|(sales, readings)| left(sales, readings).collect()));
        let rights = of([false, true]).into_iter().map(|(s, r)| (s, r.unwrap())).collect();
        same_on_all_engines(rights, |env| flows(env).and_then(|(sales, readings)| right(sales, readings).collect()));
        same_on_all_engines(of([true, true]), |env| flows(env).and_then(|(sales, readings)| full(sales, readings).collect()));
        let alone: Vec<u64> = of([true, false]).into_iter().filter(|(_, r)| r.is_none()).filter_map(|(s, _)| s).collect();
        same_on_all_engines(alone.clone(), |env| flows(env).and_then(|(sales, readings)| without_partner(sales, readings).collect()));
        let kept = sales.iter().filter(|s| alone.contains(&s.id)).cloned().collect();
        same_on_all_engines(kept, |env| flows(env).and_then(|(sales, readings)| anti(sales, readings).collect()));
    }

    #[test]
    fn nulls_match_nothing_and_are_kept(input in small_inputs()) {
        let (left, right) = (input.sales(), input.other(30).sales());
        let key = |s: &Sale| s.note.clone().zip(s.coupon);
        let pairs = joined(&left, &right, (key, key), [true, true]);
        let expected = pairs.into_iter().map(|(l, r)| (l.cloned(), r.cloned())).collect();
        same_on_all_engines(expected, |env| full_by_options(env.collection(&left)?, env.collection(&right)?).collect());
        let pairs = joined(&left, &right, (|s: &Sale| s.coupon, |s: &Sale| s.coupon), [true, false]);
        let alone = pairs.into_iter().filter(|(_, r)| r.is_none()).filter_map(|(l, _)| l).map(|l| l.id).collect();
        same_on_all_engines(alone, |env| anti_by_options(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn cross_join_returns_all_pairs(input in small_inputs()) {
        let (sales, readings) = (input.sales(), input.other(50).readings());
        let pairs = sales.iter().flat_map(|s| readings.iter().map(move |r| (s, r)));
        let expected = pairs.filter(|(s, r)| s.amount < r.value).map(|(s, r)| (s.id, s.name.clone(), r.value)).collect();
        same_on_all_engines(expected, |env| product(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn a_single_record_can_be_used_as_a_value(input in small_inputs()) {
        let sales = input.sales();
        prop_assume!(!sales.is_empty());
        let average = sales.iter().map(|s| i128::from(s.amount)).sum::<i128>() as f64 / sales.len() as f64;
        let expected = sales.iter().filter(|s| s.amount as f64 > average).map(|s| s.id).collect();
        same_on_all_engines(expected, |env| above_average(env.collection(&sales)?).collect());
    }
}

#[dataflow]
fn with_all(numbers: DataSet<u64>, values: DataSet<u64>) -> DataSet<u64> {
    numbers.with(values).map(|n, v| n + v)
}

#[test]
fn a_value_can_be_used_as_a_single_record() {
    for (values, found) in [(vec![], "none"), (vec![1u64, 2], "2 records")] {
        let check = |env: Env| {
            let error =
                with_all(env.collection([1u64, 2])?, env.collection(&values)?).collect().unwrap_err().to_string();
            let expected = format!("expected a flow of one record, found {found}");
            assert!(error.contains(&expected) && error.contains("outer_join.rs:"), "{error}");
            Ok::<_, dataflow::Error>(())
        };
        check(Env::embedded()).unwrap();
        check(Env::new(Options { parallelism: 2, ..Options::default() })).unwrap();
    }
}
