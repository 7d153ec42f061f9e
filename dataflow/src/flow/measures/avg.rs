//! `avg`: a sum and a count, which are divided at the end.

use std::marker::PhantomData;

use runtime::group::StateSlot;
use runtime::operators::Merge;
use runtime::row::LeafType;

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Measure, MeasureClosure, Measured, State, SumOf, kernel_leaves, slot, slot_type, summary};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Computes the mean of a measure, as `f64`.
    ///
    /// For integers, decimals and durations the result is the nearest `f64` to the exact mean. For
    /// `n` floats the error is at most `n / 2^53` of the mean of their magnitudes. In a measure
    /// that is an `Option`, `None` is skipped. The mean is then an `Option<f64>`, which is `None`
    /// if the group has no other value.
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
    pub fn avg<V: Measured, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Avg<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Avg(measure, PhantomData)))
    }
}

slot_type! {
    /// The mean of a measure.
    Avg<V>
}

slot!([V: Measured, F: MeasureClosure<T, V>] Avg<V, F>, (SumOf<V>, u64), V::Of<f64>, (StateSlot<'t, SumOf<V>>, StateSlot<'t, u64>),
    leaves(_slot) kernel_leaves(&[(<SumOf<V> as State>::LEAF, Merge::Sum), (LeafType::U64, Merge::Sum)]),
    places(reader) (reader.plain()?, reader.plain()?),
    add(slot, at, group, record) {
        if let Some(number) = slot.0.read(record).number() {
            at.0.set(group, V::Number::add(at.0.get(group), number));
            at.1.set(group, at.1.get(group) + 1);
        }
    },
    value(state) V::of(V::Number::mean(state.0, state.1), state.1));
summary!([V: Measured, F: MeasureClosure<T, V>] Avg<V, F>, (SumOf<V>, u64), V::Of<f64>,
    add(slot, state, record) {
        if let Some(number) = slot.0.read(record).number() {
            *state = (V::Number::add(state.0, number), state.1 + 1);
        }
    },
    value(state) V::of(V::Number::mean(state.0, state.1), state.1));
