//! Aggregates that say how values are distributed: variances and deviations, which are added up in a table; and quantiles, which are of records that are
//! together.

use std::marker::PhantomData;

use runtime::operators::{GroupReduce, Project};

use super::aggregate::Aggregates;
use super::{Ends, Flow, Mode};
use crate::kernel::{
    Emitter, FirstSeen, Measured, Quantiles, Seen, Spread, Stddev, StddevPop, Summaries, Variance, VariancePop,
    in_groups,
};
use crate::key::{Named, OfFields, Projection};
use crate::record::Record;

impl<T: Record, K: Record, M: Mode, S> Aggregates<T, K, M, S> {
    /// The variance of a sample, divided by one less than the count, as SQL's `variance` and `var_samp`: none of fewer than two numbers.
    ///
    /// One pass, stable also where the mean is large beside it. `None`s of a measure that is an `Option` are passed over.
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
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn variance<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Spread<Variance, V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Spread(measure, PhantomData)))
    }

    /// The standard deviation of a sample, as SQL's `stddev` and `stddev_samp`: none of fewer than two numbers.
    ///
    /// One pass, stable also where the mean is large beside it. `None`s of a measure that is an `Option` are passed over.
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
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn stddev<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Spread<Stddev, V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Spread(measure, PhantomData)))
    }

    /// The variance of a whole population, divided by the count, as SQL's `var_pop`.
    ///
    /// One pass, stable also where the mean is large beside it. `None`s of a measure that is an `Option` are passed over, and it is an `Option`, too.
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
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn variance_pop<V: Measured, F>(
        self,
        measure: F,
    ) -> Aggregates<T, K, M, (S, V::Kept<Spread<VariancePop, V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Spread(measure, PhantomData)))
    }

    /// The standard deviation of a whole population, as SQL's `stddev_pop`.
    ///
    /// One pass, stable also where the mean is large beside it. `None`s of a measure that is an `Option` are passed over, and it is an `Option`, too.
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
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn stddev_pop<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Spread<StddevPop, V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Spread(measure, PhantomData)))
    }
}

impl<T: Record, K: Record, M: Ends, S> Aggregates<T, K, M, S> {
    /// Quantiles of a measure at some fractions, all of one selection, as `f64`: what `median` and `percentile` become. Behind it stands
    /// [`finish_groups`](Aggregates::finish_groups).
    ///
    /// Between two numbers it is linear, as SQL's `percentile_cont` and NumPy's default: of `[1, 2]` the median is 1.5. Integers and decimals are
    /// rounded to `f64`s first, NaN comes last. Of a measure that is an `Option`, `None` is passed over, and it is an `Option`: `None` where no number was there.
    ///
    /// Cost: all records come to their group's task, which sorts them by the key, and selects from a group's numbers without sorting these. Records
    /// that do not fit go to disk; where the numbers of a group find no room, it is gone over two to six times instead.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn medians(readings: DataSet<(u32, i64)>) -> DataSet<(u32, f64, f64)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| (g.key, g.median(|r| r.1), g.percentile(0.9, |r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1i64), (7, 2), (8, 5), (8, 15), (8, 6)])?;
    /// assert_eq!(medians(readings).collect()?, [(7, 1.5, 1.9), (8, 6.0, 13.2)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn quantiles<V: Measured, F, const N: usize>(
        self,
        fractions: [f64; N],
        measure: F,
    ) -> Aggregates<T, K, M, (S, V::Kept<Quantiles<V, F, N>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Quantiles { fractions, closure: measure, of: PhantomData }))
    }

    /// What `first` becomes beside a quantile.
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn first_seen<P: Projection<T> + OfFields, F>(
        self,
        _: impl FnOnce(T::Fields<T>) -> P,
        closure: F,
    ) -> Aggregates<T, K, M, (S, FirstSeen<P::Value, F>)>
    where
        F: for<'a> Fn(<P as Named<T>>::Record<'a>, Seen<'a>) -> <P::Value as Record>::At<'a> + Clone + Send + 'static,
    {
        self.with(FirstSeen(closure, PhantomData))
    }

    /// As [`Aggregates::finish`], where one of the slots is of [`quantiles`](Aggregates::quantiles).
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let readings = env.collection([(7u32, 1i64), (7, 4)])?;
    /// let medians = readings.group_by(|r| r.0).aggregates().sum(|r| r.1).quantiles([0.5], |r| r.1);
    /// let medians = medians.finish_groups(|key, (((), sum), [median]), out| out.emit((key, sum, median)));
    /// assert_eq!(medians.collect()?, [(7u32, 5i64, 2.5)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn finish_groups<U: Record, F>(self, body: F) -> Flow<U, M>
    where
        S: Summaries<T>,
        F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        let Aggregates { flow, key, next, slots, .. } = self;
        let input = <(T, K)>::schema();
        // The key's leaves stand behind the record's, also where it is a field.
        let leaves: Vec<usize> = (0..T::LEAVES).chain(key).collect();
        let view = Project { word: "group", input: flow.schema(), output: input.clone(), leaves };
        let keyed: Flow<(T, K), M> = flow.then(view, &[], &next.behind("group"));
        let operator = GroupReduce {
            word: "aggregate",
            reads: next.reads(0, &T::schema()),
            input,
            output: U::schema(),
            key: (T::LEAVES..T::LEAVES + K::LEAVES).collect(),
            order: Vec::new(),
            aside: slots.aside(),
            refused: slots.refused(),
            kernel: in_groups::<T, K, S, U, F>(slots, body),
            partial: false,
        };
        keyed.then(operator, &[], &next)
    }
}
