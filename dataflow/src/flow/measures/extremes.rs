//! `min` and `max` of plain values.

use std::marker::PhantomData;

use runtime::group::StateSlot;
use runtime::operators::Merge;
use runtime::row::LeafType;

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Extreme, MeasureClosure, Ordered, kernel_leaves, no_value, slot, slot_type, summary};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Returns the least value of a measure.
    ///
    /// The values are numbers, dates, timestamps, bools or chars. A measure that is a field,
    /// `g.min(|r| r.name)`, can also be a text. NaN is greater than all other floats. In a measure
    /// that is an `Option`, `None` is skipped. The result is then an `Option`, which is `None` if
    /// the group has no other value.
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
    pub fn min<V: Ordered, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Min<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Min(measure, PhantomData)))
    }

    /// Returns the greatest value of a measure.
    ///
    /// The values are those of [`Aggregates::min`].
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn latest(visits: DataSet<(u32, Date)>) -> DataSet<(u32, Date)> {
    ///     visits.group_by(|v| v.0).aggregate(|g| (g.key, g.max(|v| v.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let visits =
    ///     Env::embedded().collection([(7u32, date!("2024-02-29")), (7, date!("2023-03-01"))])?;
    /// assert_eq!(latest(visits).collect()?, [(7, date!("2024-02-29"))]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max<V: Ordered, F>(self, measure: F) -> Aggregates<T, K, M, (S, V::Kept<Max<V, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(V::kept(Max(measure, PhantomData)))
    }
}

slot_type! {
    /// The least value of a measure.
    Min<V>
}

slot_type! {
    /// The greatest value of a measure.
    Max<V>
}

/// The stored form of a least or greatest value.
type StoredOf<V> = <<V as Ordered>::Plain as Extreme>::Stored;

macro_rules! extreme {
    ($name:ident, $merge:ident, $better:expr) => {
        slot!([V: Ordered, F: MeasureClosure<T, V>] $name<V, F>, Option<V::Plain>, V, (StateSlot<'t, u8>, StateSlot<'t, StoredOf<V>>),
            leaves(_slot) kernel_leaves(&[(LeafType::Valid, Merge::Valid), (V::Plain::LEAF, Merge::$merge)]),
            places(reader) (reader.plain()?, reader.plain()?),
            add(slot, at, group, record) {
                if let Some(value) = slot.0.read(record).plain() {
                    let better: fn(V::Plain, V::Plain) -> bool = $better;
                    if at.0.get(group) == 0 || better(value, V::Plain::load(at.1.get(group))) {
                        at.0.set(group, 1);
                        at.1.set(group, value.store());
                    }
                }
            },
            // A group has at least one record, so only an `Option` can be without a value.
            value(state) V::found(state.map(V::Plain::own)).ok_or_else(no_value::<V>)?);
        summary!([V: Ordered, F: MeasureClosure<T, V>] $name<V, F>, Option<V::Plain>, V,
            add(slot, best, record) {
                let better: fn(V::Plain, V::Plain) -> bool = $better;
                if let Some(value) = slot.0.read(record).plain()
                    && best.is_none_or(|best| better(value, best))
                {
                    *best = Some(value);
                }
            },
            value(best) V::found(*best).ok_or_else(no_value::<V>)?);
    };
}
extreme!(Min, Min, |new, old| new.less(old));
extreme!(Max, Max, |new, old| old.less(new));
