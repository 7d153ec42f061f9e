//! Statistical measures compared with exact arithmetic, for numbers that are random, close
//! together, or shifted by large constants.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use num_bigint::BigInt;

use crate::rig::{Row, same_on_all_engines};

/// The mean, the sample and population variances, the median and a percentile.
type Statistics = (u32, f64, (Option<f64>, f64), (Option<f64>, f64), (f64, f64));

const SHARE: f64 = 0.9;

macro_rules! statistics {
    ($($name:ident: $ty:ty;)*) => {$(
        #[dataflow]
        fn $name(rows: DataSet<Row<$ty>>) -> DataSet<Statistics> {
            let spreads = rows.group_by(|r| r.0).aggregate(|g| {
                let deviations = (g.stddev(|r| r.1), g.stddev_pop(|r| r.1));
                (g.key, g.avg(|r| r.1), (g.variance(|r| r.1), g.variance_pop(|r| r.1)), deviations)
            });
            let quantiles = rows.group_by(|r| r.0).aggregate(|g| (g.key, g.median(|r| r.1), g.percentile(SHARE, |r| r.1)));
            spreads.join(quantiles).on(|s| s.0, |q| q.0).map(|s, q| (s.0, s.1, s.2, s.3, (q.1, q.2)))
        }
    )*};
}
statistics! {
    of_integers: i64;
    of_unsigned: u64;
    of_decimals: Decimal<6>;
    of_times: TimeDelta;
    of_floats: f64;
}

/// `numerator / denominator`.
#[derive(Clone, Debug)]
struct Ratio(BigInt, BigInt);

impl Ratio {
    fn of_float(value: f64) -> Self {
        let (mut value, mut halvings) = (value, 0);
        while value.fract() != 0.0 {
            (value, halvings) = (value * 2.0, halvings + 1);
        }
        Ratio(BigInt::from(value as i128), BigInt::from(1) << halvings)
    }

    /// Returns `true` if a float differs by at most `units / 2^53` of `scale`.
    fn is_near(&self, found: f64, units: u64, scale: &Ratio) -> bool {
        let found = Ratio::of_float(found);
        let differs = &found.0 * &self.1 - &self.0 * &found.1;
        (differs.magnitude() * scale.1.magnitude()) << 53
            <= BigInt::from(units).magnitude() * scale.0.magnitude() * self.1.magnitude() * found.1.magnitude()
    }

    fn magnitude(&self) -> Self {
        Ratio(self.0.magnitude().clone().into(), self.1.clone())
    }
}

/// The unscaled numbers of one group, sorted, and their sums.
#[derive(Default)]
struct Exact {
    numbers: Vec<BigInt>,
    sum: BigInt,
    magnitudes: BigInt,
    squares: BigInt,
}

impl Exact {
    fn add(&mut self, number: BigInt) {
        self.sum += &number;
        self.magnitudes += BigInt::from(number.magnitude().clone());
        self.squares += &number * &number;
        let place = self.numbers.partition_point(|other| *other < number);
        self.numbers.insert(place, number);
    }
}

/// Checks the statistics of one group whose values are its numbers divided by `units`.
fn check(found: &Statistics, group: &Exact, units: i64, sums_are_exact: bool) {
    let Exact { numbers, sum, magnitudes, squares } = group;
    let count = numbers.len() as u64;
    let (n, units) = (BigInt::from(count), BigInt::from(units));
    let (key, mean, (sample, population), (deviation, of_population), (median, high)) = *found;

    let expected = Ratio(sum.clone(), &n * &units);
    let (bound, scale) =
        if sums_are_exact { (1, expected.magnitude()) } else { (count, Ratio(magnitudes.clone(), &n * &units)) };
    assert!(expected.is_near(mean, bound, &scale), "mean of group {key}: {mean} for {expected:?}");

    let spread = &n * squares - sum * sum;
    let less = (count > 1).then(|| BigInt::from(count - 1));
    assert_eq!(sample.is_some(), less.is_some());
    for (found, deviation, divisor) in
        [(sample, deviation, less), (Some(population), Some(of_population), Some(n.clone()))]
    {
        let (Some(found), Some(deviation), Some(divisor)) = (found, deviation, divisor) else { continue };
        let variance = Ratio(spread.clone(), &n * divisor * &units * &units);
        assert!(variance.is_near(found, count + 16, &variance), "variance of group {key}: {found} for {variance:?}");
        assert_eq!(deviation, found.sqrt());
    }

    for (found, share) in [(median, 0.5), (high, SHARE)] {
        let Ratio(share, whole) = Ratio::of_float(share);
        let place = share * (count - 1);
        let low = usize::try_from(&place / &whole).unwrap();
        let (low, next) = (&numbers[low], &numbers[(low + 1).min(numbers.len() - 1)]);
        let value = Ratio(low * &whole + (next - low) * (place % &whole), &whole * &units);
        let largest = Ratio(low.magnitude().max(next.magnitude()).clone().into(), units.clone());
        assert!(value.is_near(found, count + 4, &largest), "quantile of group {key}: {found} for {value:?}");
    }
}

/// Runs a pipeline over numbers of each kind on all engines.
fn compare<V: Record + Copy>(
    pipeline: impl Fn(DataSet<Row<V>>) -> DataSet<Statistics>,
    value: impl Fn(i64) -> V,
    exact: impl Fn(V) -> BigInt,
    units: i64,
    sums_are_exact: bool,
    shifts: &[i64],
) {
    for &shift in shifts {
        let rows: Vec<Row<V>> = crate::rig::rows(|spread| {
            let width = [3, 1_000, 1 << 40][spread as usize % 3];
            value(shift + (spread >> 3) as i64 % width)
        });
        let mut groups = BTreeMap::<u32, Exact>::new();
        rows.iter().for_each(|row| groups.entry(row.0).or_default().add(exact(row.1)));
        let keys: Vec<Statistics> =
            groups.keys().map(|&key| (key, 0.0, (None, 0.0), (None, 0.0), (0.0, 0.0))).collect();
        same_on_all_engines(&rows, &pipeline, &keys, |found, expected| {
            check(found, &groups[&expected.0], units, sums_are_exact);
            found.0 == expected.0
        });
    }
}

const LARGE: i64 = 9 * 10_i64.pow(18);

#[test]
fn statistics_of_integers_are_near_exact_ones() {
    compare(of_integers, |number| number, BigInt::from, 1, true, &[0, -LARGE]);
    compare(of_unsigned, |number| number as u64 + (1 << 63), BigInt::from, 1, true, &[LARGE]);
}

#[test]
fn statistics_of_decimals_are_near_exact_ones() {
    let exact = |decimal: Decimal<6>| decimal.scaled().into();
    compare(of_decimals, Decimal::from_scaled, exact, 1_000_000, true, &[-LARGE]);
    compare(of_times, TimeDelta::from_micros, |time| time.micros().into(), 1_000_000, true, &[LARGE]);
}

#[test]
fn statistics_of_floats_are_near_exact_ones() {
    // Quarters of integers: exact floats, except with the largest shift.
    let quarters = |number: i64| number as f64 / 4.0;
    let exact = |float: f64| {
        let Ratio(numerator, denominator) = Ratio::of_float(float * 4.0);
        numerator / denominator
    };
    compare(of_floats, quarters, exact, 4, false, &[0, LARGE]);
}

/// Variances of few numbers that are far from zero.
#[test]
fn variances_far_from_zero_are_exact() {
    #[dataflow]
    fn floats(rows: DataSet<f64>) -> DataSet<(Option<f64>, f64)> {
        rows.aggregate(|g| (g.variance(|r| r), g.median(|r| r)))
    }
    #[dataflow]
    fn decimals(rows: DataSet<Decimal<6>>) -> DataSet<(f64, f64, f64)> {
        rows.aggregate(|g| (g.variance_pop(|r| r), g.median(|r| r), g.avg(|r| r)))
    }
    for env in [tests::embedded(), tests::local(2)] {
        assert_eq!(floats(env.collection([1e16, 1e16 + 2.0]).unwrap()).collect().unwrap()[0].0, Some(2.0));
        let extremes = env.collection([f64::MIN, f64::MAX]).unwrap();
        assert_eq!(floats(extremes).collect().unwrap()[0].1, 0.0);
        let numbers = (0..7).map(|n| Decimal::from_scaled((1_000_000_000_000 + n) * 1_000_000));
        let found = decimals(env.collection(numbers).unwrap()).collect().unwrap();
        assert_eq!(found, [(4.0, 1_000_000_000_003.0, 1_000_000_000_003.0)]);
    }
}

/// Each overflow message suggests an expression that computes the sum.
#[test]
fn overflow_messages_suggest_expressions_that_work() {
    type Prices = (u32, Decimal<6>);
    #[dataflow]
    fn total(rows: DataSet<Prices>) -> DataSet<(u32, Decimal<6>)> {
        rows.group_by(|r| r.0).aggregate(|g| (g.key, g.sum(|r| r.1)))
    }
    #[dataflow]
    fn field_total(rows: DataSet<Prices>) -> DataSet<Prices> {
        rows.group_by(|r| r.0).sum(|r| r.1)
    }
    #[dataflow]
    fn advised(rows: DataSet<Prices>) -> DataSet<(u32, Decimal<0>, f64)> {
        rows.group_by(|r| r.0).aggregate(|g| (g.key, g.sum(|r| r.1.rescale::<0>()), g.sum(|r| r.1.to_f64())))
    }
    #[dataflow]
    fn advised_fields(rows: DataSet<Prices>) -> DataSet<(u32, Decimal<0>)> {
        rows.map(|r| (r.0, r.1.rescale::<0>())).group_by(|r| r.0).sum(|r| r.1)
    }
    #[dataflow]
    fn integers(rows: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
        rows.group_by(|r| r.0).aggregate(|g| (g.key, g.sum(|r| r.1)))
    }
    #[dataflow]
    fn advised_integers(rows: DataSet<(u32, i64)>) -> DataSet<(u32, i128)> {
        rows.map(|r| (r.0, i128::from(r.1))).group_by(|r| r.0).sum(|r| r.1)
    }
    for env in [tests::embedded(), tests::local(2)] {
        let rows = env.collection([(1u32, Decimal::from_scaled(i64::MAX)); 2]).unwrap();
        for error in [total(rows.clone()).collect().unwrap_err(), field_total(rows.clone()).collect().unwrap_err()] {
            let error = error.to_string();
            assert!(error.contains("a sum of Decimal<6> leaves the type's range; no decimal is wider"), "{error}");
            assert!(error.contains("rescale::<0>()") && error.contains("to_f64()"), "{error}");
        }
        let sum = Decimal::from_scaled(18_446_744_073_710);
        assert_eq!(advised(rows.clone()).collect().unwrap(), [(1, sum, 18_446_744_073_709.55)]);
        assert_eq!(advised_fields(rows).collect().unwrap(), [(1, sum)]);
        let rows = env.collection([(1u32, i64::MAX); 2]).unwrap();
        let error = integers(rows.clone()).collect().unwrap_err().to_string();
        assert!(error.contains("a sum of i64 leaves the type's range; sum it as a float"), "{error}");
        assert_eq!(advised_integers(rows).collect().unwrap(), [(1, i128::from(i64::MAX) * 2)]);
    }
}
