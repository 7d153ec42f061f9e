//! `min_by` and `max_by`: the value of one measure where another is least or greatest.
//!
//! Which of two states is better is known by both their parts together, so they merge themselves.

use std::marker::PhantomData;

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Extreme, Folded, Folding, MeasureClosure};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// The value of one measure in the record where another is least; of records that tie, the least value.
    ///
    /// Both are plain values: numbers, dates, timestamps, bools, chars. In `#[dataflow]`, if both closures name fields, the
    /// second may also be a text, a list or an `Option`: it is only carried.
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

/// A measure's value where another is least.
pub struct MinBy<B, V, F, G>(pub(super) F, pub(super) G, pub(super) PhantomData<fn() -> (B, V)>);
/// A measure's value where another is greatest.
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
            /// Of those that tie, the least value stays, whatever order they come in.
            #[inline(always)]
            fn merge(&self, (kept, value): (B, V), (by, new): (B, V)) -> (B, V) {
                let better: fn(B, B) -> bool = $better;
                let stays = better(kept, by) || !(better(by, kept) || new.less(value));
                if stays { (kept, value) } else { (by, new) }
            }
            fn finish(&self, (_, value): (B, V)) -> V {
                value
            }
        }
    };
}
min_max_by!(MinBy, |new: B, old| new.less(old));
min_max_by!(MaxBy, |new: B, old| old.less(new));
