//! `sum`: integers and decimals are added in 128 bits. The range is checked at the end.

use std::marker::PhantomData;

use runtime::group::{StateRow, StateSlot};
use runtime::operators::{Merge, StateLeaf};
use runtime::row::LeafType;
use runtime::value::{Overflow, overflow};

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{
    Measure, MeasureClosure, Measured, State, SumOf, SumWithTally, Tally, TotalOf, kernel_leaves, slot, slot_type,
    sum_too_large, summary,
};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Sums a measure. The result is an `i64`, a `u64`, an `f64`, or a decimal of the same type.
    ///
    /// In a measure that is an `Option`, `None` is skipped. The sum is then an `Option`, which is
    /// `None` if the group has no other value.
    ///
    /// # Errors
    /// The job fails if the sum overflows its type.
    ///
    /// # Examples
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
    pub fn sum<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Sum<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Sum(measure, PhantomData)))
    }

    /// Like `sum`, if the aggregate also has an `avg` of the same measure. Both share the sum.
    #[doc(hidden)]
    pub fn sum_parts<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<SumParts<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(SumParts(measure, PhantomData)))
    }

    /// Like `sum`, in a branch: if the sum overflows its type, the job fails only if the branch is
    /// taken.
    #[doc(hidden)]
    pub fn sum_if_used<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<SumIfUsed<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(SumIfUsed(measure, PhantomData)))
    }
}

slot_type! {
    /// The sum of a measure.
    Sum<V>
}

slot_type! {
    /// The sum of a measure whose mean is used, too.
    SumParts<V>
}

slot_type! {
    /// The sum of a measure that some groups do not use.
    SumIfUsed<V>
}

/// A sum that may have overflowed.
pub struct MaybeSum<V: Measured>(Option<SumWithTally<V>>);

copies! { [V: Measured] MaybeSum<V> }

impl<V: Measured> MaybeSum<V> {
    /// Returns the sum. Unwinds with an [`Overflow`] if it overflowed its type; the engine then
    /// ends the job.
    #[doc(hidden)]
    #[must_use]
    pub fn sum(self) -> V::Of<TotalOf<V>> {
        match self.0 {
            Some(parts) => parts.sum(),
            None => overflow(format_args!("{}", sum_too_large::<V::Number>().what)),
        }
    }
}

/// The slots of a sum and of the count of its numbers.
type SumSlots<'t, V> = (StateSlot<'t, SumOf<V>>, <<V as Measured>::Tally as Tally>::Place<'t>);

fn sum_leaves<V: Measured>() -> Vec<StateLeaf> {
    let (sum, tally) = ((<SumOf<V> as State>::LEAF, Merge::Sum), (LeafType::U64, Merge::Sum));
    kernel_leaves(&[sum, tally][..=<V::Tally as Record>::LEAVES])
}

#[inline(always)]
fn add_number<'t, V: Measured>((sum, tally): SumSlots<'t, V>, group: StateRow<'t>, value: V) {
    if let Some(number) = value.number() {
        sum.set(group, V::Number::add(sum.get(group), number));
        V::Tally::add(tally, group);
    }
}

#[inline(always)]
fn add_to_summary<V: Measured>((sum, tally): &mut (SumOf<V>, V::Tally), value: V) {
    if let Some(number) = value.number() {
        (*sum, *tally) = (V::Number::add(*sum, number), tally.next());
    }
}

/// The sum and its count. Fails if the sum overflows.
fn checked_sum<V: Measured>((sum, tally): (SumOf<V>, V::Tally)) -> Result<SumWithTally<V>, Overflow> {
    let total = V::Number::total(sum).ok_or_else(sum_too_large::<V::Number>)?;
    Ok(SumWithTally { total, tally })
}

slot!([V: Measured, F: MeasureClosure<T, V>] Sum<V, F>, (SumOf<V>, V::Tally), V::Of<TotalOf<V>>, SumSlots<'t, V>,
    leaves(_slot) sum_leaves::<V>(),
    places(reader) (reader.plain()?, V::Tally::place(reader)?),
    add(slot, at, group, record) { add_number::<V>(at, group, slot.0.read(record)); },
    value(state) checked_sum::<V>(state)?.sum());
slot!([V: Measured, F: MeasureClosure<T, V>] SumParts<V, F>, (SumOf<V>, V::Tally), SumWithTally<V>, SumSlots<'t, V>,
    leaves(_slot) sum_leaves::<V>(),
    places(reader) (reader.plain()?, V::Tally::place(reader)?),
    add(slot, at, group, record) { add_number::<V>(at, group, slot.0.read(record)); },
    value(state) checked_sum::<V>(state)?);
slot!([V: Measured, F: MeasureClosure<T, V>] SumIfUsed<V, F>, (SumOf<V>, V::Tally), MaybeSum<V>, SumSlots<'t, V>,
    leaves(_slot) sum_leaves::<V>(),
    places(reader) (reader.plain()?, V::Tally::place(reader)?),
    add(slot, at, group, record) { add_number::<V>(at, group, slot.0.read(record)); },
    value(state) MaybeSum(checked_sum::<V>(state).ok()));
summary!([V: Measured, F: MeasureClosure<T, V>] Sum<V, F>, (SumOf<V>, V::Tally), V::Of<TotalOf<V>>,
    add(slot, state, record) { add_to_summary::<V>(state, slot.0.read(record)); },
    value(state) checked_sum::<V>(*state)?.sum());
summary!([V: Measured, F: MeasureClosure<T, V>] SumParts<V, F>, (SumOf<V>, V::Tally), SumWithTally<V>,
    add(slot, state, record) { add_to_summary::<V>(state, slot.0.read(record)); },
    value(state) checked_sum::<V>(*state)?);
summary!([V: Measured, F: MeasureClosure<T, V>] SumIfUsed<V, F>, (SumOf<V>, V::Tally), MaybeSum<V>,
    add(slot, state, record) { add_to_summary::<V>(state, slot.0.read(record)); },
    value(state) MaybeSum(checked_sum::<V>(*state).ok()));
