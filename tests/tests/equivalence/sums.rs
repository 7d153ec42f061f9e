//! Sums at the limits of their type.

use dataflow::prelude::*;
use tests::{on_each_engine, same_on_all_engines};

#[dataflow]
fn totals(amounts: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    amounts.group_by(|a| a.0).sum(|a| a.1)
}

#[dataflow]
fn measured(amounts: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    amounts.group_by(|a| a.0).aggregate(|g| (g.key, g.sum(|a| a.1)))
}

#[dataflow]
fn decimals(amounts: DataSet<(u32, Decimal<2>)>) -> DataSet<(u32, Decimal<2>)> {
    let totals = amounts.group_by(|a| a.0).sum(|a| a.1);
    totals
}

#[dataflow]
fn small(amounts: DataSet<(u32, u8)>) -> DataSet<(u32, u8)> {
    amounts.group_by(|a| a.0).sum(|a| a.1)
}

/// Both extremes over several pages, so that the partial sums of whole tasks overflow.
fn cancelling() -> Vec<(u32, i64)> {
    let greatest = (0..10_000).map(|n| (n % 3, i64::MAX));
    let least = (0..10_000).map(|n| (n % 3, -i64::MAX));
    greatest.chain(least).chain([(0, 7), (1, -7)]).collect()
}

#[test]
fn sums_are_exact_if_only_partial_sums_overflow() {
    let amounts = cancelling();
    let expected = vec![(0, 7), (1, -7), (2, 0)];
    same_on_all_engines(expected.clone(), |env| totals(env.collection(&amounts)?).collect());
    same_on_all_engines(expected.clone(), |env| measured(env.collection(&amounts)?).collect());
    let prices: Vec<_> = amounts.iter().map(|a| (a.0, Decimal::<2>::from_scaled(a.1))).collect();
    let expected = expected.iter().map(|a| (a.0, Decimal::from_scaled(a.1))).collect();
    same_on_all_engines(expected, |env| decimals(env.collection(&prices)?).collect());
}

#[test]
fn sums_reach_the_limits_of_their_type() {
    let amounts = [(1u32, i64::MAX - 1), (1, 1), (2, i64::MIN + 1), (2, -1)];
    same_on_all_engines(vec![(1, i64::MAX), (2, i64::MIN)], |env| totals(env.collection(amounts)?).collect());
    same_on_all_engines(vec![(1, i64::MAX), (2, i64::MIN)], |env| measured(env.collection(amounts)?).collect());
}

#[test]
fn an_overflowing_sum_ends_the_job_and_names_the_operator() {
    let amounts: Vec<(u32, i64)> = cancelling().into_iter().chain([(2, i64::MAX), (2, 1)]).collect();
    let prices: Vec<_> = amounts.iter().map(|a| (a.0, Decimal::<2>::from_scaled(a.1))).collect();
    let bytes = [(1u32, 200u8), (1, 56)];
    on_each_engine(|engine, env| {
        let errors = [
            ("`group_by` (group_by → sum)", totals(env.collection(&amounts).unwrap()).collect().unwrap_err()),
            ("`group_by` (group_by → aggregate)", measured(env.collection(&amounts).unwrap()).collect().unwrap_err()),
            ("`totals` (group_by → sum)", decimals(env.collection(&prices).unwrap()).collect().unwrap_err()),
            ("`group_by` (group_by → sum)", small(env.collection(bytes).unwrap()).collect().unwrap_err()),
        ];
        for (operator, error) in errors {
            let text = error.to_string();
            let place = format!("{operator} at tests/tests/equivalence/sums.rs:");
            assert!(text.starts_with(&place) && text.contains(": overflow: a sum of "), "{engine}: {text}");
        }
    });
}
