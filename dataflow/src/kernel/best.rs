//! Slots that keep the value of one measure where another is least or greatest.
//!
//! Which of two states is better is known by both their parts together, so they merge themselves.

use std::marker::PhantomData;

use runtime::group::{StateReader, StateRow, StateSlot};
use runtime::operators::{Merge, StateLeaf};
use runtime::page::Claims;
use runtime::row::LeafType;
use runtime::value::Overflow;

use crate::record::Record;

use super::slots::{kernel_leaf, too_large};
use super::{Extreme, Slots};

/// A measure's value where another is least.
pub struct LeastBy<B, V, F, G>(pub(crate) F, pub(crate) G, pub(crate) PhantomData<fn() -> (B, V)>);
/// A measure's value where another is greatest.
pub struct GreatestBy<B, V, F, G>(pub(crate) F, pub(crate) G, pub(crate) PhantomData<fn() -> (B, V)>);

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

macro_rules! best {
    ($name:ident, $better:expr) => {
        impl<B, V, F: Clone, G: Clone> Clone for $name<B, V, F, G> {
            fn clone(&self) -> Self {
                $name(self.0.clone(), self.1.clone(), self.2)
            }
        }

        impl<T: Record, S: Slots<T>, B: Extreme, V: Extreme, F, G> Slots<T> for (S, $name<B, V, F, G>)
        where
            F: for<'a> Fn(T::At<'a>) -> B + Clone + Send + 'static,
            G: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
        {
            type Record = (S::Record, (Option<B>, V));
            type Values<'a> = (S::Values<'a>, V);
            type Places<'t> = (S::Places<'t>, Places<'t, B, V>);
            const MERGES: bool = true;

            fn leaves(&self, leaves: &mut Vec<StateLeaf>) {
                self.0.leaves(leaves);
                let types = [LeafType::Valid, B::LEAF, V::LEAF];
                leaves.extend(types.map(|ty| kernel_leaf(ty, Merge::Kernel)));
            }
            fn places<'t>(reader: &mut StateReader<'t>) -> Option<Self::Places<'t>> {
                Some((S::places(reader)?, (reader.plain()?, reader.plain()?, reader.plain()?)))
            }
            #[inline(always)]
            fn add<'t>(
                &self,
                (before, places): Self::Places<'t>,
                group: StateRow<'t>,
                record: T::At<'_>,
                claims: &mut Claims<'t>,
            ) {
                self.0.add(before, group, record, claims);
                offer(places, group, (self.1.0)(record), (self.1.1)(record), $better);
            }
            #[inline(always)]
            fn merge<'t>(
                &self,
                (before, places): Self::Places<'t>,
                group: StateRow<'t>,
                (state, (by, value)): <Self::Record as Record>::At<'_>,
                claims: &mut Claims<'t>,
            ) {
                self.0.merge(before, group, state, claims);
                if let Some(by) = by {
                    offer(places, group, B::own(by), V::own(value), $better);
                }
            }
            fn values<'a>(
                &self,
                (before, (by, value)): <Self::Record as Record>::At<'a>,
            ) -> Result<Self::Values<'a>, Overflow> {
                // A group has a record, so there is a value.
                by.ok_or_else(too_large::<V>)?;
                Ok((self.0.values(before)?, V::own(value)))
            }
        }
    };
}
best!(LeastBy, |new: B, old| new.less(old));
best!(GreatestBy, |new: B, old| old.less(new));
