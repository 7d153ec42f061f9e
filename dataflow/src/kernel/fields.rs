//! Slots that the engine fills by itself, from fields: distinct values, and fields of the group's first record.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::group::{StateReader, StateRow};
use runtime::operators::{Fold, StateLeaf};
use runtime::page::Claims;
use runtime::row::LeafType;
use runtime::value::Overflow;

use crate::record::Record;

use super::Slots;

/// The number of different values of some fields.
#[derive(Clone)]
pub struct CountDistinct(pub(crate) Arc<[usize]>);

/// Fields of the record that is the group's first.
pub struct First<V> {
    pub(crate) leaves: Vec<usize>,
    pub(crate) of: PhantomData<fn() -> V>,
}

impl<V> Clone for First<V> {
    fn clone(&self) -> Self {
        First { leaves: self.leaves.clone(), of: self.of }
    }
}

/// A slot that no closure adds to.
macro_rules! filled {
    ([$($generics:tt)*] $name:ty, $state:ty, $value:ty, $width:expr, leaves($slot:ident) $leaves:expr) => {
        impl<T: Record, S: Slots<T>, $($generics)*> Slots<T> for (S, $name) {
            type Record = (S::Record, $state);
            type Values<'a> = (S::Values<'a>, $value);
            type Places<'t> = S::Places<'t>;
            const MERGES: bool = S::MERGES;

            fn leaves(&self, leaves: &mut Vec<StateLeaf>) {
                self.0.leaves(leaves);
                let $slot = &self.1;
                leaves.extend($leaves);
            }
            fn places<'t>(reader: &mut StateReader<'t>) -> Option<Self::Places<'t>> {
                let places = S::places(reader)?;
                reader.skip($width);
                Some(places)
            }
            #[inline(always)]
            fn add<'t>(
                &self,
                places: Self::Places<'t>,
                group: StateRow<'t>,
                record: T::At<'_>,
                claims: &mut Claims<'t>,
            ) {
                self.0.add(places, group, record, claims);
            }
            #[inline(always)]
            fn merge<'t>(
                &self,
                places: Self::Places<'t>,
                group: StateRow<'t>,
                (state, _): <Self::Record as Record>::At<'_>,
                claims: &mut Claims<'t>,
            ) {
                self.0.merge(places, group, state, claims);
            }
            fn values<'a>(
                &self,
                (before, value): <Self::Record as Record>::At<'a>,
            ) -> Result<Self::Values<'a>, Overflow> {
                Ok((self.0.values(before)?, value))
            }
        }
    };
}

pub(super) use filled;

filled!([] CountDistinct, u64, u64, 1,
    leaves(slot) [StateLeaf { ty: LeafType::U64, fold: Fold::Distinct(slot.0.clone()) }]);
filled!([V: Record] First<V>, V, V::At<'a>, V::LEAVES,
    leaves(slot) slot.leaves.iter().zip(V::schema().types()).map(|(&leaf, ty)| StateLeaf { ty, fold: Fold::First(leaf) }));
