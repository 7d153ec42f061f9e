//! The measure `count_if`.

use std::marker::PhantomData;

use runtime::group::StateSlot;
use runtime::operators::Merge;
use runtime::row::LeafType;

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{MeasureClosure, kernel_leaves, slot, slot_type, summary};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Counts the records for which `condition` returns `true`.
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
    pub fn count_if<F>(self, condition: F) -> Aggregates<T, K, M, (S, CountIf<bool, F>)>
    where
        F: for<'a> Fn(T::At<'a>) -> bool + Clone + Send + 'static,
    {
        self.with(CountIf(condition, PhantomData))
    }
}

slot_type! {
    /// The number of records that meet a condition.
    CountIf<V>
}

/// Results of a condition: `bool`.
pub trait Condition: Copy + 'static {
    /// Returns `true` if the record is counted.
    fn holds(self) -> bool;
}
impl Condition for bool {
    fn holds(self) -> bool {
        self
    }
}

slot!([V: Condition, F: MeasureClosure<T, V>] CountIf<V, F>, u64, u64, StateSlot<'t, u64>,
    leaves(_slot) kernel_leaves(&[(LeafType::U64, Merge::Sum)]),
    places(reader) reader.plain()?,
    add(slot, at, group, record) { at.set(group, at.get(group) + u64::from(slot.0.read(record).holds())); },
    value(count) count);
summary!([V: Condition, F: MeasureClosure<T, V>] CountIf<V, F>, u64, u64,
    add(slot, count, record) { *count += u64::from(slot.0.read(record).holds()); },
    value(count) *count);
