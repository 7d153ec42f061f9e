//! `min_by` and `max_by`: the value of one measure in the record where another is least or
//! greatest.
//!
//! A state consists of both values. Only both together decide which of two states is better, so the
//! slot merges states itself.

use std::marker::PhantomData;

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Extreme, Folded, Folding, MeasureClosure};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Returns the value of one measure in the record where another is least. If several records
    /// tie, returns their least value.
    ///
    /// Both measures are plain values: numbers, dates, timestamps, bools or chars. In
    /// `#[dataflow]`, if both closures name fields, the second can also be a text, a list or an
    /// `Option`, as it is only carried.
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
    pub fn min_by<B: Extreme, V: Extreme, F, G>(
        self,
        by: F,
        value: G,
    ) -> Aggregates<T, K, M, (S, B::Kept<V::Kept<Folded<MinBy<B, V, F, G>>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> B + Clone + Send + 'static,
        G: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(B::kept(V::kept(Folded(MinBy(by, value, PhantomData)))))
    }

    /// Returns the value of one measure in the record where another is greatest. If several records
    /// tie, returns their least value. The rules are those of [`Aggregates::min_by`].
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
    pub fn max_by<B: Extreme, V: Extreme, F, G>(
        self,
        by: F,
        value: G,
    ) -> Aggregates<T, K, M, (S, B::Kept<V::Kept<Folded<MaxBy<B, V, F, G>>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> B + Clone + Send + 'static,
        G: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(B::kept(V::kept(Folded(MaxBy(by, value, PhantomData)))))
    }
}

/// The value of a measure in the record where another is least.
pub struct MinBy<B, V, F, G>(pub(super) F, pub(super) G, pub(super) PhantomData<fn() -> (B, V)>);
/// The value of a measure in the record where another is greatest.
pub struct MaxBy<B, V, F, G>(pub(super) F, pub(super) G, pub(super) PhantomData<fn() -> (B, V)>);

macro_rules! min_max_by {
    ($name:ident, $better:expr) => {
        impl<B, V, F: Clone, G: Clone> Clone for $name<B, V, F, G> {
            fn clone(&self) -> Self {
                $name(self.0.clone(), self.1.clone(), self.2)
            }
        }

        impl<T: Record, B: Extreme, V: Extreme, F, G> Folding<T> for $name<B, V, F, G>
        where
            F: MeasureClosure<T, B>,
            G: MeasureClosure<T, V>,
        {
            type Accumulator = (B, V);
            type Output = V;
            #[inline(always)]
            fn add(&self, best: Option<(B, V)>, record: T::At<'_>) -> (B, V) {
                let new = (self.0.read(record), self.1.read(record));
                best.map_or(new, |best| Folding::<T>::merge(self, best, new))
            }
            /// If states tie, the least value wins, so the result does not depend on their order.
            #[inline(always)]
            fn merge(&self, (kept, value): (B, V), (by, new): (B, V)) -> (B, V) {
                let better: fn(B, B) -> bool = $better;
                let keeps_first = better(kept, by) || !(better(by, kept) || new.less(value));
                if keeps_first { (kept, value) } else { (by, new) }
            }
            fn finish(&self, (_, value): (B, V)) -> V {
                value
            }
        }
    };
}
min_max_by!(MinBy, |new: B, old| new.less(old));
min_max_by!(MaxBy, |new: B, old| old.less(new));
