//! `variance`, `stddev` and those of populations, computed in one pass by the algorithm of Youngs
//! and Cramer. States are merged by the formula of Chan, Golub and LeVeque.
//!
//! Sums of squares lose all digits if a mean is large compared with its deviation. So the state has
//! distances from the first number, and squared distances from the mean.
//!
//! # Error
//! Numbers enter exactly: integers, decimals and durations as unscaled integers. The relative error
//! of a result is at most `(n + 16) / 2^53` for `n` numbers. It does not depend on their mean,
//! their order, or the tasks that processed them. Exceptions: squared distances below 1e-290 or
//! above 1e308 leave the range of `f64`.

use std::marker::PhantomData;

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Folded, Folding, Measure, MeasureClosure, Measured, exact_sum, slot_type};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Computes the variance of a sample, like SQL's `variance` and `var_samp`: the divisor is the
    /// count minus one. The result is `None` for fewer than two numbers.
    ///
    /// It is computed in one pass. For `n` numbers the error is at most `(n + 16) / 2^53` of the
    /// result, even if their mean is large. In a measure that is an `Option`, `None` is skipped.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn spreads(readings: DataSet<(u32, i64)>) -> DataSet<(u32, Option<f64>)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| (g.key, g.variance(|r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1i64), (7, 3), (7, 5)])?;
    /// assert_eq!(spreads(readings).collect()?, [(7, Some(4.0))]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn variance<V: Measured, F>(
        self,
        measure: F,
    ) -> Aggregates<T, K, M, (S, V::Kept<Folded<Spread<Variance, V, F>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Folded(Spread(measure, PhantomData))))
    }

    /// Computes the standard deviation of a sample, like SQL's `stddev` and `stddev_samp`. The
    /// result is `None` for fewer than two numbers.
    ///
    /// It is computed in one pass. For `n` numbers the error is at most `(n + 16) / 2^53` of the
    /// result, even if their mean is large. In a measure that is an `Option`, `None` is skipped.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn spreads(readings: DataSet<(u32, i64)>) -> DataSet<(u32, Option<f64>)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| (g.key, g.stddev(|r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1i64), (7, 3), (7, 5)])?;
    /// assert_eq!(spreads(readings).collect()?, [(7, Some(2.0))]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stddev<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Folded<Spread<Stddev, V, F>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Folded(Spread(measure, PhantomData))))
    }

    /// Computes the variance of a population, like SQL's `var_pop`: the divisor is the count.
    ///
    /// It is computed in one pass. For `n` numbers the error is at most `(n + 16) / 2^53` of the
    /// result, even if their mean is large. In a measure that is an `Option`, `None` is skipped.
    /// The result is then an `Option`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn spreads(readings: DataSet<(u32, i64)>) -> DataSet<(u32, f64)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| (g.key, g.variance_pop(|r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1i64), (7, 3), (7, 5)])?;
    /// assert_eq!(spreads(readings).collect()?, [(7, 8.0 / 3.0)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn variance_pop<V: Measured, F>(
        self,
        measure: F,
    ) -> Aggregates<T, K, M, (S, V::Kept<Folded<Spread<VariancePop, V, F>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Folded(Spread(measure, PhantomData))))
    }

    /// Computes the standard deviation of a population, like SQL's `stddev_pop`.
    ///
    /// It is computed in one pass. For `n` numbers the error is at most `(n + 16) / 2^53` of the
    /// result, even if their mean is large. In a measure that is an `Option`, `None` is skipped.
    /// The result is then an `Option`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn spreads(readings: DataSet<(u32, i64)>) -> DataSet<(u32, f64)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| (g.key, g.stddev_pop(|r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1i64), (7, 3), (7, 5)])?;
    /// assert_eq!(spreads(readings).collect()?, [(7, (8.0f64 / 3.0).sqrt())]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stddev_pop<V: Measured, F>(
        self,
        measure: F,
    ) -> Aggregates<T, K, M, (S, V::Kept<Folded<Spread<StddevPop, V, F>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Folded(Spread(measure, PhantomData))))
    }
}

/// The state of a group: a count, the sum of distances from a base, and the sum of squared
/// distances from the mean. The base is the first number, rounded. Numbers are unscaled.
#[derive(Clone, Copy, Default)]
pub struct Moments {
    count: u64,
    base: f64,
    /// The rounded sum, and the sum of its rounding errors.
    sum: [f64; 2],
    squares: f64,
}

/// The fields of [`Moments`] as a record of state leaves.
type MomentsRecord = (u64, f64, f64, f64, f64);

impl Moments {
    #[inline(always)]
    fn of((count, base, sum, rest, squares): MomentsRecord) -> Self {
        Moments { count, base, sum: [sum, rest], squares }
    }

    #[inline(always)]
    fn record(self) -> MomentsRecord {
        (self.count, self.base, self.sum[0], self.sum[1], self.squares)
    }

    /// The distance of a number from the base. The difference of floats within a factor of two is
    /// exact (Sterbenz), and any other is large compared with its rounding error.
    #[inline(always)]
    fn distance(&self, [number, rest]: [f64; 2]) -> f64 {
        (number - self.base) + rest
    }

    #[inline(always)]
    fn add_to_sum(&mut self, distance: f64) {
        let [sum, rounded] = exact_sum(self.sum[0], distance);
        self.sum = [sum, self.sum[1] + rounded];
    }

    /// The `n`-th number adds `n / (n - 1)` times its squared distance from the mean of the first
    /// `n`. Consecutive numbers depend on each other only by additions to sums, so divisions
    /// overlap.
    #[inline(always)]
    fn add(&mut self, number: [f64; 2]) {
        if self.count == 0 {
            self.base = number[0];
        }
        self.count += 1;
        let distance = self.distance(number);
        self.add_to_sum(distance);
        let (count, reciprocal) = (self.count as f64, 1.0 / self.count as f64);
        let from_mean = (distance - self.sum[0] * reciprocal) - self.sum[1] * reciprocal;
        self.squares += from_mean * from_mean * (count / (count - 1.0).max(1.0));
    }

    fn merge(&mut self, other: Moments) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other;
            return;
        }
        let (own, others) = (self.count as f64, other.count as f64);
        let distance = self.distance([other.base, other.mean()]) - self.mean();
        self.squares += other.squares + distance * distance * own * (others / (own + others));
        self.add_to_sum((other.base - self.base) * others);
        self.add_to_sum(other.sum[0]);
        self.sum[1] += other.sum[1];
        self.count += other.count;
    }

    /// The mean of the distances from the base.
    fn mean(&self) -> f64 {
        (self.sum[0] + self.sum[1]) / self.count as f64
    }

    /// Returns `None` for fewer than two numbers.
    fn sample_variance(self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    fn variance(self) -> f64 {
        self.squares / self.count as f64
    }
}

/// A statistic that is computed from `Moments`.
pub trait Spreads: Clone + Send + 'static {
    /// The type of the result.
    type Value<V: Measured>;
    /// Computes the result.
    fn of<V: Measured>(moments: Moments) -> Self::Value<V>;
}

macro_rules! spreads {
    ($($(#[$doc:meta])* $name:ident: $value:ty, $of:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name;
        impl Spreads for $name {
            type Value<V: Measured> = $value;
            fn of<V: Measured>(moments: Moments) -> $value {
                let of: fn(Moments) -> $value = $of;
                of(moments)
            }
        }
    )*};
}
spreads! {
    /// The variance of a sample.
    Variance: Option<f64>, Moments::sample_variance;
    /// The standard deviation of a sample.
    Stddev: Option<f64>, |moments| moments.sample_variance().map(f64::sqrt);
    /// The variance of a population.
    VariancePop: V::Of<f64>, |moments| V::of(moments.variance(), moments.count);
    /// The standard deviation of a population.
    StddevPop: V::Of<f64>, |moments| V::of(moments.variance().sqrt(), moments.count);
}

slot_type! {
    /// A slot of a variance or a standard deviation. `K` is the statistic.
    Spread<K, V>
}

impl<T: Record, K: Spreads, V: Measured, F: MeasureClosure<T, V>> Folding<T> for Spread<K, V, F> {
    type Accumulator = MomentsRecord;
    type Output = K::Value<V>;
    #[inline(always)]
    fn add(&self, moments: Option<MomentsRecord>, record: T::At<'_>) -> MomentsRecord {
        let mut moments = Moments::of(moments.unwrap_or_default());
        if let Some(number) = self.0.read(record).number() {
            moments.add(number.unscaled());
        }
        moments.record()
    }
    fn merge(&self, moments: MomentsRecord, other: MomentsRecord) -> MomentsRecord {
        let mut moments = Moments::of(moments);
        moments.merge(Moments::of(other));
        moments.record()
    }
    fn finish(&self, moments: MomentsRecord) -> K::Value<V> {
        let (mut moments, units) = (Moments::of(moments), V::Number::UNITS);
        moments.squares = moments.squares / units / units;
        K::of(moments)
    }
}
