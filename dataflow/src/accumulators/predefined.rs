//! The predefined accumulators.

use std::fmt::Debug;

use super::Accumulator;
use crate::kernel::exact_sum;

/// A counter.
#[derive(Clone, Default, Debug)]
pub struct Count(u64);

impl Accumulator for Count {
    type Item = u64;
    type Value = u64;

    #[inline]
    fn add(&mut self, more: u64) {
        // 64 bits do not overflow in practice.
        self.0 = self.0.wrapping_add(more);
    }

    fn merge(&mut self, other: Self) {
        self.add(other.0);
    }

    fn value(&self) -> u64 {
        self.0
    }
}

/// The average of numbers.
#[derive(Clone, Default, Debug)]
pub struct Average {
    sum: f64,
    /// The sum of the rounding errors of `sum`.
    rest: f64,
    count: u64,
}

impl Accumulator for Average {
    type Item = f64;
    type Value = Option<f64>;

    #[inline]
    fn add(&mut self, number: f64) {
        self.merge(Average { sum: number, rest: 0.0, count: 1 });
    }

    #[inline]
    fn merge(&mut self, other: Self) {
        let [sum, rest] = exact_sum(self.sum, other.sum);
        self.sum = sum;
        self.rest += other.rest + rest;
        self.count += other.count;
    }

    fn value(&self) -> Option<f64> {
        // The rounding error of an infinite sum is NaN.
        let rest = if self.sum.is_finite() { self.rest } else { 0.0 };
        (self.count > 0).then(|| (self.sum + rest) / self.count as f64)
    }

    fn show(&self) -> String {
        self.value().map_or_else(|| "-".to_owned(), |average| format!("{average:.3}"))
    }
}

/// The minimum.
#[derive(Clone, Debug)]
pub struct Minimum<T>(pub(super) Option<T>);

/// The maximum.
#[derive(Clone, Debug)]
pub struct Maximum<T>(pub(super) Option<T>);

macro_rules! extremes {
    ($($name:ident, $better:tt;)*) => {$(
        impl<T: PartialOrd + Clone + Debug + Send + 'static> Accumulator for $name<T> {
            type Item = T;
            type Value = Option<T>;

            #[inline]
            fn add(&mut self, value: T) {
                if self.0.as_ref().is_none_or(|known| value $better *known) {
                    self.0 = Some(value);
                }
            }

            fn merge(&mut self, other: Self) {
                other.0.into_iter().for_each(|value| self.add(value));
            }

            fn value(&self) -> Option<T> {
                self.0.clone()
            }

            fn show(&self) -> String {
                self.0.as_ref().map_or_else(|| "-".to_owned(), |value| format!("{value:?}"))
            }
        }
    )*};
}
extremes! {
    Minimum, <;
    Maximum, >;
}

/// Counts of values in buckets.
#[derive(Clone, Debug)]
pub struct Histogram<T>(Buckets<T>);

/// The value of a histogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets<T> {
    /// The start of each bucket but the first, in ascending order.
    pub bounds: Vec<T>,
    /// The number of values in each bucket. There is one bucket more than bounds.
    pub counts: Vec<u64>,
}

impl<T: Ord> Histogram<T> {
    pub(super) fn new(bounds: impl IntoIterator<Item = T>) -> Self {
        let mut bounds: Vec<T> = bounds.into_iter().collect();
        bounds.sort_unstable();
        bounds.dedup();
        let counts = vec![0; bounds.len() + 1];
        Histogram(Buckets { bounds, counts })
    }
}

impl<T: Ord + Clone + Debug + Send + 'static> Accumulator for Histogram<T> {
    type Item = T;
    type Value = Buckets<T>;

    #[inline]
    fn add(&mut self, value: T) {
        let bucket = self.0.bounds.partition_point(|bound| *bound <= value);
        self.0.counts[bucket] += 1;
    }

    fn merge(&mut self, other: Self) {
        self.0.counts.iter_mut().zip(other.0.counts).for_each(|(count, more)| *count += more);
    }

    fn value(&self) -> Buckets<T> {
        self.0.clone()
    }

    /// Formats like `3 <10> 2 <100> 0`.
    fn show(&self) -> String {
        let Buckets { bounds, counts } = &self.0;
        let first = counts.first().map(u64::to_string).unwrap_or_default();
        let rest = bounds.iter().zip(counts.iter().skip(1)).map(|(bound, count)| format!(" <{bound:?}> {count}"));
        std::iter::once(first).chain(rest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_keeps_small_numbers_next_to_large_ones() {
        let of = |numbers: &[f64]| {
            let mut average = Average::default();
            numbers.iter().for_each(|&number| average.add(number));
            average
        };
        let numbers = [1e16, 1.0, 3.0, -1e16];
        for first in 0..numbers.len() {
            let (mut left, right) = (of(&numbers[first..]), of(&numbers[..first]));
            left.merge(right);
            assert_eq!(left.value(), Some(1.0));
        }
        assert_eq!(of(&[f64::INFINITY, 1.0]).value(), Some(f64::INFINITY));
        assert!(of(&[f64::INFINITY, f64::NEG_INFINITY]).value().is_some_and(f64::is_nan));
        assert_eq!(Average::default().value(), None);
    }
}
