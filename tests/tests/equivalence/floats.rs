//! Floats for which `<` is no total order: NaN, and the two zeros.

use std::cmp::Ordering;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Input, inputs, on_each_engine, same_records};

use crate::{cases, grouped};

#[derive(Record, Clone, Copy, Debug)]
struct Measured {
    key: u32,
    value: f64,
}

const ODD: [f64; 9] = [f64::NAN, -f64::NAN, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, 1.5, -1.5];

fn measured(input: Input) -> Vec<Measured> {
    input.readings().iter().map(|r| Measured { key: r.key, value: ODD[r.value.rem_euclid(9) as usize] }).collect()
}

#[dataflow]
fn ascending(values: DataSet<Measured>) -> DataSet<Measured> {
    values.sort(|v| asc(v.value))
}

#[dataflow]
fn descending(values: DataSet<Measured>, count: usize) -> DataSet<Measured> {
    values.top(count, |v| desc(v.value))
}

#[dataflow]
fn least(values: DataSet<Measured>) -> DataSet<Measured> {
    values.group_by(|v| v.key).min(|v| v.value)
}

#[dataflow]
fn extremes(values: DataSet<Measured>) -> DataSet<(u32, f64, f64)> {
    values.group_by(|v| v.key).aggregate(|g| (g.key, g.min(|v| v.value), g.max(|v| v.value)))
}

/// The order of floats: NaN is greater than all other values, whatever its sign, and the two zeros
/// are equal.
fn compare(left: f64, right: f64) -> Ordering {
    canonical(left).total_cmp(&canonical(right))
}

/// Maps all values that compare equal to one value.
fn canonical(value: f64) -> f64 {
    if value.is_nan() { f64::NAN.copysign(1.0) } else { value + 0.0 }
}

fn bits(values: &[Measured]) -> Vec<(u32, u64)> {
    values.iter().map(|v| (v.key, v.value.to_bits())).collect()
}

fn same_values(values: impl IntoIterator<Item = (u32, f64)>) -> Vec<(u32, u64)> {
    values.into_iter().map(|(key, value)| (key, canonical(value).to_bits())).collect()
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn sort_puts_nan_last_and_keeps_all_bits(input in inputs()) {
        let values = measured(input);
        on_each_engine(|engine, env| {
            let sorted = ascending(env.collection(&values).unwrap()).collect().unwrap();
            assert!(sorted.is_sorted_by(|left, right| compare(left.value, right.value).is_le()), "{engine}");
            same_records(engine, bits(&sorted), bits(&values));
        });
    }

    #[test]
    fn descending_top_starts_with_nan(input in inputs(), count in 0..500usize) {
        let values = measured(input);
        let mut expected = values.clone();
        expected.sort_by(|left, right| compare(right.value, left.value));
        let expected: Vec<u64> = expected.iter().take(count).map(|v| canonical(v.value).to_bits()).collect();
        on_each_engine(|engine, env| {
            let top = descending(env.collection(&values).unwrap(), count).collect().unwrap();
            let top: Vec<u64> = top.iter().map(|v| canonical(v.value).to_bits()).collect();
            assert!(top == expected, "{engine}");
        });
    }

    #[test]
    fn min_and_max_use_the_same_order_as_sort(input in inputs()) {
        let values = measured(input);
        let groups = grouped(&values, |v| v.key);
        let values_of = |key| -> Vec<f64> { groups[&key].iter().map(|v| v.value).collect() };
        let least_of = |key: u32| values_of(key).into_iter().min_by(|l, r| compare(*l, *r)).unwrap();
        let greatest_of = |key: u32| values_of(key).into_iter().max_by(|l, r| compare(*l, *r)).unwrap();
        let expected_least = same_values(groups.keys().map(|&key| (key, least_of(key))));
        let expected_greatest = same_values(groups.keys().map(|&key| (key, greatest_of(key))));
        on_each_engine(|engine, env| {
            let flow = env.collection(&values).unwrap();
            let by_field = least(flow.clone()).collect().unwrap();
            same_records(engine, same_values(by_field.iter().map(|v| (v.key, v.value))), expected_least.clone());
            let both = extremes(flow).collect().unwrap();
            same_records(engine, same_values(both.iter().map(|v| (v.0, v.1))), expected_least.clone());
            same_records(engine, same_values(both.iter().map(|v| (v.0, v.2))), expected_greatest.clone());
        });
    }
}
