//! `sample` and `sample_n`: sample size, members, and the effect of a seed.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use dataflow::{Env, Result};
use proptest::prelude::*;
use tests::{Sale, embedded, inputs, local, on_each_engine, same_records};

use crate::cases;

#[dataflow]
fn share(sales: DataSet<Sale>, fraction: f64, seed: u64) -> DataSet<Sale> {
    sales.filter(|s| s.id % 3 > 0).sample(fraction, seed)
}

#[dataflow]
fn some(sales: DataSet<Sale>, count: usize, seed: u64) -> DataSet<Sale> {
    sales.filter(|s| s.id % 3 > 0).sample_n(count, seed)
}

/// The population of the samples.
fn drawn_from(sales: &[Sale]) -> Vec<Sale> {
    sales.iter().filter(|s| s.id % 3 > 0).cloned().collect()
}

/// Checks that the sample has only complete records of the population, and none twice.
fn assert_sample_of(engine: &str, sample: Vec<Sale>, sales: &[Sale]) {
    let mut ids: Vec<u64> = sample.iter().map(|s| s.id).collect();
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|left, right| left < right), "{engine}: a record twice");
    assert!(ids.iter().all(|id| id % 3 > 0), "{engine}: a record that was not there");
    let originals = sample.iter().map(|s| sales[s.id as usize].clone()).collect();
    same_records(engine, sample, originals);
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn sample_keeps_about_its_fraction(input in inputs(), fraction in prop_oneof![Just(0.0), Just(1.0), 0.0..1.0f64], seed: u64) {
        let sales = input.sales();
        let rows = drawn_from(&sales).len() as f64;
        // Six standard deviations: fails in one of many millions of runs.
        let far = 6.0 * (rows * fraction * (1.0 - fraction)).sqrt();
        on_each_engine(|engine, env| {
            let sample = share(env.collection(&sales).unwrap(), fraction, seed).collect().unwrap();
            let off = (sample.len() as f64 - rows * fraction).abs();
            assert!(off <= far + 1e-6, "{engine}: {} of {rows} for {fraction}", sample.len());
            assert_sample_of(engine, sample, &sales);
        });
    }

    #[test]
    fn sample_n_keeps_n_records(input in inputs(), count in prop_oneof![0..3usize, 3..3_000usize, 20_000..40_000usize, Just(usize::MAX)], seed: u64) {
        let sales = input.sales();
        let expected = drawn_from(&sales).len().min(count);
        on_each_engine(|engine, env| {
            let sample = some(env.collection(&sales).unwrap(), count, seed).collect().unwrap();
            assert_eq!(sample.len(), expected, "{engine}");
            assert_sample_of(engine, sample, &sales);
        });
    }

    #[test]
    fn a_seed_determines_the_sample_in_one_task(input in inputs(), seed: u64) {
        let sales = input.sales();
        let both = |env: &Env| -> Result<_> {
            let sales = env.collection(&sales)?;
            Ok((share(sales.clone(), 0.3, seed).collect()?, some(sales, 50, seed).collect()?))
        };
        let expected = both(&embedded()).unwrap();
        assert!(both(&local(1)).unwrap() == expected && both(&local(1)).unwrap() == expected);
    }
}

/// The number of times that each of a few records is drawn, over many seeds.
fn frequencies(sample: impl Fn(DataSet<u64>, u64) -> DataSet<u64>, env: &Env) -> BTreeMap<u64, u32> {
    let mut frequencies: BTreeMap<u64, u32> = (0..40).map(|n| (n, 0)).collect();
    for seed in 0..400 {
        let numbers = env.collection(0..40u64).unwrap();
        let drawn = sample(numbers, seed).collect().unwrap();
        drawn.into_iter().for_each(|n| *frequencies.get_mut(&n).unwrap() += 1);
    }
    frequencies
}

#[test]
fn each_record_has_the_same_chance_for_any_seed() {
    for env in [embedded(), local(2)] {
        // A quarter of 400 is 100, with a standard deviation below 9.
        let fair = |frequencies: BTreeMap<u64, u32>| frequencies.values().all(|times| (55..145).contains(times));
        assert!(fair(frequencies(|numbers, seed| numbers.rebalance().sample(0.25, seed), &env)));
        assert!(fair(frequencies(|numbers, seed| numbers.rebalance().sample_n(10, seed), &env)));
    }
}

#[test]
fn an_invalid_fraction_is_rejected_at_the_operator() {
    for fraction in [-0.1, 1.5, f64::NAN, f64::INFINITY] {
        on_each_engine(|engine, env| {
            let error =
                share(env.collection(Vec::<Sale>::new()).unwrap(), fraction, 1).collect().unwrap_err().to_string();
            let sentence = format!("a sample is a share between 0 and 1 of all records, not {fraction}");
            assert!(error.starts_with("`sample` at ") && error.contains(&sentence), "{engine}: {error}");
        });
    }
}
