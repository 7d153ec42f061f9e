//! Inner joins: on one field and on several, on texts, on options whose nulls match nothing, with
//! either side larger.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Input, Reading, Sale, inputs, same_on_all_engines, same_on_local_engines, small_inputs};

use crate::cases;

#[dataflow]
fn by_number(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<(u64, i64)> {
    sales.join(readings).on(|s| s.key, |r| r.key).map(|s, r| (s.id, r.value))
}

#[dataflow]
fn by_number_turned_round(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<(u64, i64)> {
    readings.join(sales).on(|r| r.key, |s| s.key).map(|r, s| (s.id, r.value))
}

#[dataflow]
fn by_text(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<(u64, u64, String)> {
    left.join(right).on(|l| l.name, |r| r.name).map(|l, r| (l.id, r.id, r.name))
}

#[dataflow]
fn by_several(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<(u64, u64)> {
    left.join(right).on(|l| (l.name, l.coupon, l.key), |r| (r.name, r.coupon, r.key)).map(|l, r| (l.id, r.id))
}

#[dataflow]
fn by_option(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<(Option<i32>, u64, u64)> {
    left.join(right).on(|l| l.coupon, |r| r.coupon).map(|l, r| (l.coupon, l.id, r.id))
}

#[dataflow]
fn by_text_option(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<(u64, u64)> {
    left.join(right).on(|l| l.note, |r| r.note).filter(|l, r| l.amount < r.amount).map(|l, r| (l.id, r.id))
}

#[dataflow]
fn all_words(left: DataSet<Sale>, right: DataSet<Reading>) -> DataSet<(u64, String)> {
    left.join(right).on(|l| l.key, |r| r.key).flat_map(|l, r| l.name.split('-').map(move |part| (r.count, part)))
}

/// Reference join: all pairs with equal keys.
fn pairs<'a, L, R, K: PartialEq>(
    left: &'a [L],
    right: &'a [R],
    left_key: impl Fn(&'a L) -> K + Copy,
    right_key: impl Fn(&'a R) -> K + Copy,
) -> impl Iterator<Item = (&'a L, &'a R)> {
    left.iter().flat_map(move |l| right.iter().filter(move |r| left_key(l) == right_key(r)).map(move |r| (l, r)))
}

fn sides(input: Input) -> (Vec<Sale>, Vec<Reading>) {
    (input.sales(), input.other(25).readings())
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn join_by_number_with_a_larger_left_side(input in inputs()) {
        let (sales, readings) = sides(input);
        let expected = pairs(&sales, &readings, |s| s.key, |r| r.key).map(|(s, r)| (s.id, r.value)).collect();
        same_on_local_engines(expected, |env| by_number(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn join_by_number_with_a_larger_right_side(input in inputs()) {
        let (sales, readings) = sides(input);
        let expected = pairs(&sales, &readings, |s| s.key, |r| r.key).map(|(s, r)| (s.id, r.value)).collect();
        same_on_local_engines(expected, |env| by_number_turned_round(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn join_by_number_with_two_large_sides(seed: u64) {
        // Separate keys keep the pairs few, although both sides have several pages per task.
        let input = Input { rows: 20_000, keys: tests::Keys::Uniform(2), seed };
        let sales: Vec<Sale> = input.sales().into_iter().map(|s| Sale { key: s.id as u32, ..s }).collect();
        let readings: Vec<Reading> =
            input.readings().into_iter().zip(5_000..).map(|(r, key)| Reading { key, ..r }).collect();
        let expected = sales[5_000..].iter().zip(&readings).map(|(s, r)| (s.id, r.value)).collect();
        same_on_local_engines(expected, |env| by_number(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn join_by_number_is_equal_on_all_engines(input in small_inputs()) {
        let (sales, readings) = sides(input);
        let expected = pairs(&sales, &readings, |s| s.key, |r| r.key).map(|(s, r)| (s.id, r.value)).collect();
        same_on_all_engines(expected, |env| by_number(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn join_with_an_empty_side_is_empty(input in small_inputs()) {
        let sales = input.sales();
        let none: Vec<Reading> = Vec::new();
        same_on_all_engines(Vec::new(), |env| by_number(env.collection(&sales)?, env.collection(&none)?).collect());
        same_on_all_engines(Vec::new(), |env| by_number_turned_round(env.collection(&sales)?, env.collection(&none)?).collect());
    }

    #[test]
    fn join_by_text_matches_the_reference(input in small_inputs()) {
        let (left, right) = (input.sales(), input.other(40).sales());
        let expected = pairs(&left, &right, |l| &l.name, |r| &r.name).map(|(l, r)| (l.id, r.id, r.name.clone())).collect();
        same_on_all_engines(expected, |env| by_text(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn join_by_several_fields_handles_nulls(input in small_inputs()) {
        let (left, right) = (input.sales(), input.other(60).sales());
        let equal = pairs(&left, &right, |l| (&l.name, l.coupon, l.key), |r| (&r.name, r.coupon, r.key));
        let expected = equal.filter(|(l, _)| l.coupon.is_some()).map(|(l, r)| (l.id, r.id)).collect();
        same_on_all_engines(expected, |env| by_several(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn nulls_match_nothing(input in small_inputs()) {
        let (left, right) = (input.sales(), input.other(40).sales());
        let equal = pairs(&left, &right, |l| l.coupon, |r| r.coupon).filter(|(l, _)| l.coupon.is_some());
        let expected = equal.map(|(l, r)| (l.coupon, l.id, r.id)).collect();
        same_on_all_engines(expected, |env| by_option(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn null_texts_match_nothing_and_pairs_are_filtered(input in inputs()) {
        let (left, right) = (input.sales(), input.other(40).sales());
        let equal = pairs(&left, &right, |l| &l.note, |r| &r.note).filter(|(l, _)| l.note.is_some());
        let expected = equal.filter(|(l, r)| l.amount < r.amount).map(|(l, r)| (l.id, r.id)).collect();
        same_on_local_engines(expected, |env| by_text_option(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn a_pair_may_emit_many_records(input in small_inputs()) {
        let (left, right) = sides(input);
        let parts = |(l, r): (&Sale, &Reading)| -> Vec<_> { l.name.split('-').map(|part| (r.count, part.to_owned())).collect() };
        let expected = pairs(&left, &right, |l| l.key, |r| r.key).flat_map(parts).collect();
        same_on_all_engines(expected, |env| all_words(env.collection(&left)?, env.collection(&right)?).collect());
    }
}
