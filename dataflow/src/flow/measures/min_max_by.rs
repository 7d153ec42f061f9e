//! `min_by` and `max_by`: the value of one measure where another is least or greatest.
//!
//! Which of two states is better is known by both their parts together, so they merge themselves.

use std::marker::PhantomData;

use runtime::group::{StateRow, StateSlot};
use runtime::operators::Merge;
use runtime::row::LeafType;

use crate::flow::Mode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Extreme, MeasureClosure, kernel_leaves, slot, summary, too_large};
use crate::record::Record;

impl<T: Record, K: Record, M: Mode, S> Aggregates<T, K, M, S> {
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
    ) -> Aggregates<T, K, M, (S, B::Kept<V::Kept<MinBy<B, V, F, G>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> B + Clone + Send + 'static,
        G: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(B::kept(V::kept(MinBy(by, value, PhantomData))))
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
    ) -> Aggregates<T, K, M, (S, B::Kept<V::Kept<MaxBy<B, V, F, G>>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> B + Clone + Send + 'static,
        G: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(B::kept(V::kept(MaxBy(by, value, PhantomData))))
    }
}

/// A measure's value where another is least.
pub struct MinBy<B, V, F, G>(F, G, PhantomData<fn() -> (B, V)>);
/// A measure's value where another is greatest.
pub struct MaxBy<B, V, F, G>(F, G, PhantomData<fn() -> (B, V)>);

/// Where such a slot's state lies: whether there is one, what is compared, what is kept.
type Places<'t, B, V> =
    (StateSlot<'t, u8>, StateSlot<'t, <B as Extreme>::Stored>, StateSlot<'t, <V as Extreme>::Stored>);

/// Takes a candidate where it is better; of those that tie, the least value stays, whatever order they come in.
#[inline(always)]
fn offer<'t, B: Extreme, V: Extreme>(
    (known, by_at, value_at): Places<'t, B, V>,
    group: StateRow<'t>,
    by: B,
    value: V,
    better: impl Fn(B, B) -> bool,
) {
    if known.get(group) != 0 {
        let kept = B::load(by_at.get(group));
        if better(kept, by) || !(better(by, kept) || value.less(V::load(value_at.get(group)))) {
            return;
        }
    }
    known.set(group, 1);
    by_at.set(group, by.store());
    value_at.set(group, value.store());
}

macro_rules! min_max_by {
    ($name:ident, $better:expr) => {
        impl<B, V, F: Clone, G: Clone> Clone for $name<B, V, F, G> {
            fn clone(&self) -> Self {
                $name(self.0.clone(), self.1.clone(), self.2)
            }
        }

        slot!([B: Extreme, V: Extreme, F: MeasureClosure<T, B>, G: MeasureClosure<T, V>] $name<B, V, F, G>, (Option<B>, V), V, Places<'t, B, V>,
            leaves(_slot) kernel_leaves(&[LeafType::Valid, B::LEAF, V::LEAF].map(|ty| (ty, Merge::Kernel))),
            places(reader) (reader.plain()?, reader.plain()?, reader.plain()?),
            add(slot, at, group, record) { offer(at, group, slot.0.read(record), slot.1.read(record), $better); },
            merge(place, other) {
                if let Some(by) = other.0 {
                    offer(place.0, place.1, B::own(by), V::own(other.1), $better);
                }
            },
            // A group has a record, so there is a value.
            value(state) state.0.map(|_| V::own(state.1)).ok_or_else(too_large::<V>)?);
        summary!([B: Extreme, V: Extreme, F: MeasureClosure<T, B>, G: MeasureClosure<T, V>] $name<B, V, F, G>, Option<(B, V)>, V,
            add(slot, best, record) {
                let better: fn(B, B) -> bool = $better;
                let (by, value) = (slot.0.read(record), slot.1.read(record));
                let stays = best.is_some_and(|(kept, of_kept)| {
                    better(kept, by) || !(better(by, kept) || value.less(of_kept))
                });
                if !stays {
                    *best = Some((by, value));
                }
            },
            value(best) best.ok_or_else(too_large::<V>)?.1);
    };
}
min_max_by!(MinBy, |new: B, old| new.less(old));
min_max_by!(MaxBy, |new: B, old| old.less(new));
