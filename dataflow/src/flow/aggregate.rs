//! Several aggregates in one pass.

use std::marker::PhantomData;
use std::panic::Location;

use runtime::operators::{Aggregate, Fold, GroupReduce, StateLeaf, View};
use runtime::plan;
use runtime::row::Schema;

use super::group::Grouped;
use super::step::Next;
use super::{Ends, Flow, Mode};
use crate::kernel::{
    Avg, Comparable, Count, CountDistinct, CountIf, Emitter, Extreme, First, FirstSeen, Greatest, GreatestBy, Least,
    LeastBy, Measure, Measured, OfField, Ordered, Quantiles, Seen, Slots, Spread, State, Stddev, StddevPop, Sum,
    SumParts, Summaries, Variance, VariancePop, accumulate, finish, finish_mean, in_groups,
};
use crate::key::{Field, Key, OfFields, Projection};
use crate::record::Record;

/// Aggregates of groups under construction, whose keys are `K`: a slot for each, in order, nested as `((((), a), b), c)`.
pub struct Aggregates<T, K, M, S> {
    flow: Flow<T, M>,
    key: Vec<usize>,
    next: Next,
    slots: S,
    of: PhantomData<fn() -> K>,
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Aggregates over all records, as one group. A flow without records gives no record.
    ///
    /// It is what `aggregate` of the language becomes.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn totals(sales: DataSet<i64>) -> DataSet<(i64, u64)> {
    ///     sales.aggregate(|g| (g.sum(|s| s), g.count()))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([3i64, 4])?;
    /// assert_eq!(totals(sales).collect()?, [(7, 2)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn aggregates(&self) -> Aggregates<T, (), M, ()> {
        Aggregates::new(self.clone(), Vec::new(), self.next.called_at(Location::caller()))
    }
}

impl<T, K, M> Aggregates<T, K, M, ()> {
    pub(super) fn new(flow: Flow<T, M>, key: Vec<usize>, next: Next) -> Self {
        Aggregates { flow, key, next, slots: (), of: PhantomData }
    }
}

impl<T: Record, K: Record, M: Mode, S> Aggregates<T, K, M, S> {
    pub(super) fn with<A>(self, slot: A) -> Aggregates<T, K, M, (S, A)> {
        let Aggregates { flow, key, next, slots, of } = self;
        Aggregates { flow, key, next, slots: (slots, slot), of }
    }

    /// The sum of a measure: `i64`, `u64`, `f64` or the decimal's own type. One that does not fit ends the job. Of a measure that is an `Option`, `None` is
    /// passed over, and the sum is an `Option`: `None` where no number was there.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn revenues(sales: DataSet<(u32, u32, i64)>) -> DataSet<(u32, i64)> {
    ///     sales.group_by(|s| s.0).aggregate(|g| (g.key, g.sum(|s| i64::from(s.1) * s.2)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([(7u32, 2u32, 50i64), (7, 1, 30)])?;
    /// assert_eq!(revenues(sales).collect()?, [(7, 130)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn sum<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Sum<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Sum(measure, PhantomData)))
    }

    /// What `sum` becomes where `avg` of the same measure is asked for beside it: one sum for both.
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn sum_parts<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<SumParts<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(SumParts(measure, PhantomData)))
    }

    /// The mean of a measure, as `f64`. Of a measure that is an `Option`, the mean of what is there, as `Option<f64>`: `None` where nothing was.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn means(readings: DataSet<(u32, i64)>) -> DataSet<(u32, f64)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| (g.key, g.avg(|r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1i64), (7, 4)])?;
    /// assert_eq!(means(readings).collect()?, [(7, 2.5)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn avg<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Avg<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Avg(measure, PhantomData)))
    }

    /// The least of a measure.
    ///
    /// It is over plain values: numbers, dates, timestamps, bools, chars; of a field, `g.min(|r| r.name)`, also over texts. Of floats NaN comes
    /// last. Of a measure that is an `Option`, `None` is passed over, and it is an `Option`: `None` where no value was there.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn ranges(readings: DataSet<(u32, i64)>) -> DataSet<(u32, i64, i64)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| (g.key, g.min(|r| r.1), g.max(|r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 5i64), (7, -2), (7, 3)])?;
    /// assert_eq!(ranges(readings).collect()?, [(7, -2, 5)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn min<V: Ordered, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Least<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Least(measure, PhantomData)))
    }

    /// What `min` of a field becomes: of a field of the record, and of the closure that reads it.
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn min_field<V: Comparable, F>(
        self,
        field: impl FnOnce(T::Fields<T>) -> Field<T, V>,
        closure: F,
    ) -> Aggregates<T, K, M, (S, V::Least<OfField<F>>)>
    where
        F: for<'a> Fn(T::At<'a>, Seen<'a>) -> V::At<'a> + Clone + Send + 'static,
    {
        self.with(V::least(field(T::fields(0)).leaves(), OfField(closure)))
    }

    /// What `max` of a field becomes.
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn max_field<V: Comparable, F>(
        self,
        field: impl FnOnce(T::Fields<T>) -> Field<T, V>,
        closure: F,
    ) -> Aggregates<T, K, M, (S, V::Greatest<OfField<F>>)>
    where
        F: for<'a> Fn(T::At<'a>, Seen<'a>) -> V::At<'a> + Clone + Send + 'static,
    {
        self.with(V::greatest(field(T::fields(0)).leaves(), OfField(closure)))
    }

    /// The greatest of a measure.
    ///
    /// It is over what [`Aggregates::min`] is over.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn latest(visits: DataSet<(u32, Date)>) -> DataSet<(u32, Date)> {
    ///     visits.group_by(|v| v.0).aggregate(|g| (g.key, g.max(|v| v.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let visits = Env::embedded().collection([(7u32, date!("2024-02-29")), (7, date!("2023-03-01"))])?;
    /// assert_eq!(latest(visits).collect()?, [(7, date!("2024-02-29"))]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn max<V: Ordered, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Greatest<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Greatest(measure, PhantomData)))
    }

    /// The number of records. In `#[dataflow]`, `g.count(|r| r.field)` is the number of those that have a value in an `Option`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn visits(days: DataSet<(u32, String)>) -> DataSet<(u32, String)> {
    ///     days.group_by(|d| d.0).aggregate(|g| {
    ///         let visits = g.count();
    ///         (g.key, format!("{visits} visits"))
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let days = Env::embedded().collection([(7u32, "Mon"), (7, "Tue")])?;
    /// assert_eq!(visits(days).collect()?, [(7, "2 visits".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn count(self) -> Aggregates<T, K, M, (S, Count)> {
        self.with(Count)
    }

    /// The number of records for which a condition holds.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn returned(sales: DataSet<(u32, bool)>) -> DataSet<(u32, u64, u64)> {
    ///     sales.group_by(|s| s.0).aggregate(|g| (g.key, g.count_if(|s| s.1), g.count()))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([(1u32, true), (1, false), (1, true)])?;
    /// assert_eq!(returned(sales).collect()?, [(1, 2, 3)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn count_if<F>(self, condition: F) -> Aggregates<T, K, M, (S, CountIf<bool, F>)>
    where
        F: for<'a> Fn(T::At<'a>) -> bool + Clone + Send + 'static,
    {
        self.with(CountIf(condition, PhantomData))
    }

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

    /// The number of different values of a field, or of several together, `|r| (r.name, r.day)`: exact. `None` is no value.
    ///
    /// Cost: a look-up for each record, and memory for each value of each group: the value's leaves and some 20 bytes; values that do not
    /// fit go to disk with their group's key. Before records are shipped, those that are equal in key and in all counted fields become one.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn suppliers(parts: DataSet<(String, u32)>) -> DataSet<(String, u64)> {
    ///     parts.group_by(|p| p.0).aggregate(|g| (g.key, g.count_distinct(|p| p.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let parts = Env::embedded().collection([("bolt", 1u32), ("bolt", 2), ("bolt", 1)])?;
    /// assert_eq!(suppliers(parts).collect()?, [("bolt".to_owned(), 2)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn count_distinct<C: Key<T> + OfFields>(
        self,
        field: impl FnOnce(T::Fields<T>) -> C,
    ) -> Aggregates<T, K, M, (S, CountDistinct)> {
        self.with(CountDistinct(field(T::fields(0)).leaves().into()))
    }

    /// Fields of one of the group's records, whichever comes first: for what all of them share. Fields that are named together come
    /// from one record.
    ///
    /// Cost: nothing for each record. A field that is not part of the key need not be hashed and compared as one.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn turnover(sales: DataSet<(u32, String, i64)>) -> DataSet<(String, i64)> {
    ///     sales.group_by(|s| s.0).aggregate(|g| (g.first(|s| s.1), g.sum(|s| s.2)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([(7u32, "Ann", 2i64), (7, "Ann", 3)])?;
    /// assert_eq!(turnover(sales).collect()?, [("Ann".to_owned(), 5)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn first<P: Projection<T> + OfFields>(
        self,
        field: impl FnOnce(T::Fields<T>) -> P,
    ) -> Aggregates<T, K, M, (S, First<P::Value>)> {
        self.with(First { leaves: field(T::fields(0)).leaves(), of: PhantomData })
    }

    /// The value of one measure in the record where another is least; of records that tie, the least value.
    ///
    /// Both are plain values: numbers, dates, timestamps, bools, chars.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn cheapest(offers: DataSet<(u32, i64, u64)>) -> DataSet<(u32, u64)> {
    ///     offers.group_by(|o| o.0).aggregate(|g| (g.key, g.min_by(|o| o.1, |o| o.2)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let offers = Env::embedded().collection([(1u32, 9i64, 30u64), (1, 5, 20), (1, 7, 10)])?;
    /// assert_eq!(cheapest(offers).collect()?, [(1, 20)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn min_by<B: Extreme, V: Extreme, F, G>(
        self,
        by: F,
        value: G,
    ) -> Aggregates<T, K, M, (S, B::Kept<V::Kept<LeastBy<B, V, F, G>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> B + Clone + Send + 'static,
        G: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(B::kept(V::kept(LeastBy(by, value, PhantomData))))
    }

    /// The value of one measure in the record where another is greatest; of records that tie, the least value. As
    /// [`Aggregates::min_by`].
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn dearest(offers: DataSet<(u32, i64, u64)>) -> DataSet<(u32, u64)> {
    ///     offers.group_by(|o| o.0).aggregate(|g| (g.key, g.max_by(|o| o.1, |o| o.2)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let offers = Env::embedded().collection([(1u32, 9i64, 30u64), (1, 5, 20), (1, 7, 10)])?;
    /// assert_eq!(dearest(offers).collect()?, [(1, 30)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn max_by<B: Extreme, V: Extreme, F, G>(
        self,
        by: F,
        value: G,
    ) -> Aggregates<T, K, M, (S, B::Kept<V::Kept<GreatestBy<B, V, F, G>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> B + Clone + Send + 'static,
        G: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(B::kept(V::kept(GreatestBy(by, value, PhantomData))))
    }

    /// Makes the group's record from the key and the slots' values.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let readings = env.collection([(7u32, 1i64), (7, 4)])?;
    /// let totals = readings.group_by(|r| r.0).aggregates().sum(|r| r.1).count();
    /// let totals = totals.finish(|key, (((), sum), count), out| out.emit((key, sum, count)));
    /// assert_eq!(totals.collect()?, [(7u32, 5i64, 2u64)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn finish<U: Record, F>(self, body: F) -> Flow<M::Grouped<U>, M>
    where
        S: Slots<T>,
        F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, M::Grouped<U>>) + Clone + Send + 'static,
    {
        let Aggregates { flow, key, next, slots, .. } = self;
        let mut kernel_leaves = Vec::new();
        slots.leaves(&mut kernel_leaves);
        let kernel_reads = next.reads(0, &T::schema());
        let finishing_slots = slots.clone();
        let kernel = Some(accumulate::<T, S>(slots, key.len()));
        let rows = [flow.schema(), <(K, S::Record)>::schema()];
        let grouping = grouping("aggregate", rows, key, kernel_leaves, kernel, kernel_reads);
        let states: Flow<(K, S::Record), M> = flow.then(grouping, &[], &next);
        // The key's leaves stand first in the states' record, as they do in the key.
        let forwards = next.forwards(&<M::Grouped<U>>::schema(), &[&K::schema()]);
        let finishing = next.behind("finish");
        states.chained_with("finish", finish::<T, K, S, M::Grouped<U>, F>(finishing_slots, body), forwards, &finishing)
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
        F: for<'a> Fn(T::At<'a>, Seen<'a>) -> <P::Value as Record>::At<'a> + Clone + Send + 'static,
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
        let view = View { word: "group", input: flow.schema(), output: input.clone(), leaves };
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

/// A grouping whose rows are a key and states. Compiled once, whatever the records of a program are.
#[inline(never)]
fn grouping(
    word: &'static str,
    [input, output]: [Schema; 2],
    key: Vec<usize>,
    states: Vec<StateLeaf>,
    kernel: Option<runtime::kernel::AccumulateFactory>,
    kernel_reads: plan::Reads,
) -> Aggregate {
    let keys = key.iter().zip(output.types()).map(|(&leaf, ty)| StateLeaf { ty, fold: Fold::Key(leaf) });
    let state = keys.chain(states).collect();
    Aggregate { word, input, output, key, state, kernel, kernel_reads }
}

/// The mean of a field: the engine's own sum and count, then a division. Of values that may be missing the count is the sum of their validity.
pub(super) fn mean<T: Record, K: Record, M: Mode, V: Measured>(
    grouped: &Grouped<T, K, M>,
    field: Field<T, V>,
) -> Flow<(K, V::Of<f64>), M>
where
    for<'a> V::Of<f64>: Record<At<'a> = V::Of<f64>>,
{
    type SumOf<V> = <<V as Measured>::Number as Measure>::Sum;
    let first = field.first_leaf();
    let (value, count) = match <V::Tally as Record>::LEAVES {
        0 => (first, Fold::Count),
        _ => (first + 1, Fold::Sum(first)),
    };
    let measure = StateLeaf { ty: <SumOf<V> as State>::LEAF, fold: Fold::Sum(value) };
    let count = StateLeaf { ty: runtime::row::LeafType::U64, fold: count };
    let grouping = grouping(
        "avg",
        [grouped.flow.schema(), <(K, (SumOf<V>, u64))>::schema()],
        grouped.key.clone(),
        vec![measure, count],
        None,
        plan::Reads::Leaves(runtime::row::LeafSet::none()),
    );
    let states: Flow<(K, (SumOf<V>, u64)), M> = grouped.flow.then(grouping, &[], &grouped.next);
    states.chained(finish_mean::<K, V>(), &grouped.next.behind("finish"))
}
