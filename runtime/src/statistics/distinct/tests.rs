use super::*;
use crate::page::tests::Random;

const ROWS: usize = 400_000;
const PLACES: usize = 32;
const EACH: usize = 128;

fn hash(value: usize) -> u64 {
    Random(value as u64).next()
}

/// A sample of some places.
fn sampled(values: &[usize]) -> ValueCounter {
    let mut seen = ValueCounter::of(PLACES * EACH);
    for place in 0..PLACES {
        let first = place * values.len() / PLACES;
        values[first..first + EACH].iter().for_each(|&value| seen.add(hash(value), place));
    }
    seen
}

/// How far the estimate is from the number of values of all rows, as a factor.
fn factor(values: &[usize]) -> f64 {
    let mut all = values.to_vec();
    all.sort_unstable();
    all.dedup();
    let estimate = sampled(values).estimate(values.len() as f64);
    let (estimate, actual) = (estimate.max(1.0), all.len() as f64);
    (estimate / actual).max(actual / estimate)
}

/// Values that are drawn with the frequency of 1 / rank^`exponent`.
fn zipf(values: usize, exponent: f64, random: &mut Random) -> Vec<usize> {
    let mut sums: Vec<f64> = (1..=values).map(|rank| (rank as f64).powf(-exponent)).collect();
    (1..values).for_each(|rank| sums[rank] += sums[rank - 1]);
    let total = sums[values - 1];
    let draw = |random: &mut Random| random.below(1 << 40) as f64 / (1u64 << 40) as f64 * total;
    (0..ROWS)
        .map(|_| {
            let drawn = draw(random);
            sums.partition_point(|&sum| sum < drawn)
        })
        .collect()
}

#[test]
fn equally_frequent_values_are_estimated_within_a_quarter() {
    let mut random = Random(1);
    for count in [1, 3, 50, 1_000, 10_000, 50_000] {
        let values: Vec<usize> = (0..ROWS).map(|_| random.below(count)).collect();
        let factor = factor(&values);
        assert!(factor < 1.25, "{count} values: off by {factor}");
    }
}

#[test]
fn unique_values_are_estimated_as_many_as_rows() {
    let factor = factor(&(0..ROWS).collect::<Vec<_>>());
    assert!(factor < 1.01, "off by {factor}");
}

#[test]
fn clustered_values_count_once_per_place() {
    for length in [2, 4, 7] {
        let factor = factor(&(0..ROWS).map(|row| row / length).collect::<Vec<_>>());
        assert!(factor < 1.2, "runs of {length}: off by {factor}");
    }
}

#[test]
fn frequent_values_do_not_hide_rare_ones() {
    let mut random = Random(2);
    for (count, exponent) in [(1_000, 1.0), (10_000, 1.0), (10_000, 0.7), (1_000, 1.2)] {
        let values = zipf(count, exponent, &mut random);
        let factor = factor(&values);
        assert!(factor < 3.0, "{count} values, exponent {exponent}: off by {factor}");
    }
    // Half of the rows have one value.
    let values: Vec<usize> = (0..ROWS).map(|row| if row % 2 == 0 { 0 } else { 1 + random.below(20_000) }).collect();
    let factor = factor(&values);
    assert!(factor < 1.5, "off by {factor}");
}

#[test]
fn complete_samples_are_exact() {
    let mut seen = ValueCounter::of(100);
    (0..100).for_each(|row| seen.add(hash(row % 7), row / 10));
    assert_eq!(seen.estimate(100.0), 7.0);
}

#[test]
fn drawing_rows_reduces_the_number_of_values() {
    let drawn_of = |values: f64, rows: f64| expected_distinct(values, rows).round();
    assert_eq!([drawn_of(10.0, 1e6), drawn_of(1e9, 1000.0), drawn_of(1000.0, 1000.0)], [10.0, 1000.0, 632.0]);
}

#[test]
fn hottest_value_occurs_in_most_places() {
    let mut random = Random(5);
    let hottest = |values: &[usize]| sampled(values).values(ROWS as f64).hottest;
    let hot: Vec<usize> = (0..ROWS).map(|row| if random.below(3) == 0 { 0 } else { row }).collect();
    assert!((hottest(&hot) - 1.0 / 3.0).abs() < 0.03);
    // A sorted file has one value in each place, which is no more frequent than others.
    assert_eq!(hottest(&(0..ROWS).map(|row| row / 1_000).collect::<Vec<_>>()), 0.0);
    assert_eq!(hottest(&vec![1; ROWS]), 1.0);
}
