//! Several aggregates in one pass.

use std::marker::PhantomData;
use std::panic::Location;

use runtime::operators::{Aggregate, Fold, StateLeaf};
use runtime::plan;
use runtime::plan::Forwards;
use runtime::row::Schema;

use crate::accumulators;
use crate::kernel::{
    Avg, Comparable, Count, CountDistinct, CountIf, Emitter, Extreme, First, Greatest, GreatestBy, Least, LeastBy,
    Measured, OfField, Ordered, Seen, Slots, State, Sum, SumOf, SumParts, accumulate, finish, finish_mean,
};
use crate::key::{Field, Key, Named, OfFields, Projection, leaves_of};
use crate::record::Record;

use super::group::Grouped;
use super::step::Next;
use super::{Flow, Mode};

/// Aggregates of groups under construction, whose keys are `K`: a slot for each, in order, nested as `((((), a), b), c)`.
pub struct Aggregates<T, K, M, S> {
    pub(super) flow: Flow<T, M>,
    pub(super) key: Vec<usize>,
    pub(super) next: Next,
    pub(super) slots: S,
    of: PhantomData<fn() -> K>,
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Aggregates over all records, as one group. A flow without records gives no record.
    ///
    /// It is what [`aggregate`](crate::operators::aggregate) of the language becomes.
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
    pub fn min_field<P: Projection<T> + OfFields, F>(
        self,
        field: impl FnOnce(T::Fields<T>) -> P,
        closure: F,
    ) -> Aggregates<T, K, M, (S, <P::Value as Comparable>::Least<OfField<F>>)>
    where
        P::Value: Comparable,
        F: for<'a> Fn(<P as Named<T>>::Record<'a>, Seen<'a>) -> <P::Value as Record>::At<'a> + Clone + Send + 'static,
    {
        self.with(P::Value::least(leaves_of(&field(T::fields(0))), OfField(closure)))
    }

    /// What `max` of a field becomes.
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::type_complexity, reason = "a slot's type names its closures")]
    pub fn max_field<P: Projection<T> + OfFields, F>(
        self,
        field: impl FnOnce(T::Fields<T>) -> P,
        closure: F,
    ) -> Aggregates<T, K, M, (S, <P::Value as Comparable>::Greatest<OfField<F>>)>
    where
        P::Value: Comparable,
        F: for<'a> Fn(<P as Named<T>>::Record<'a>, Seen<'a>) -> <P::Value as Record>::At<'a> + Clone + Send + 'static,
    {
        self.with(P::Value::greatest(leaves_of(&field(T::fields(0))), OfField(closure)))
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
        // The key's leaves stand first in the states' record, as they do in the key. What adds to an accumulator sees all groups.
        let acts = accumulators::are_in(&finishing_slots) || accumulators::are_in(&body);
        let inputs = [&K::schema()];
        let forwards = if acts { Forwards::default() } else { next.forwards(&<M::Grouped<U>>::schema(), &inputs) };
        let finishing = next.behind("finish");
        states.chained_with("finish", finish::<T, K, S, M::Grouped<U>, F>(finishing_slots, body), forwards, &finishing)
    }
}

/// A grouping whose rows are a key and states. Compiled once, whatever the records of a program are.
#[inline(never)]
pub(super) fn grouping(
    word: &'static str,
    [input, output]: [Schema; 2],
    key: Vec<usize>,
    states: Vec<StateLeaf>,
    kernel: Option<runtime::group::AccumulateFactory>,
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
