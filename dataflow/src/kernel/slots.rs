//! Slots: the measures of a grouping, one type each, so that all run in one loop.
//!
//! The type of a measure's slot is an associated type of the measure (`Kept`), though it is the
//! same for all measures. So for a type that is no measure the compiler finds no slot, and reports
//! the mistake once, at the measure.
//!
//! `Option` is a parameter of a slot and not another slot. A sum of values that may be missing also
//! keeps a count (`Tally`), and its result is an `Option` (`Measured::Of`). One loop is compiled
//! for both.

use runtime::group::{StateReader, StateRow};
use runtime::operators::{DISTINCT_AND_TEXT, Fold, Merge, StateLeaf};
use runtime::page::Claims;
use runtime::row::LeafType;
use runtime::value::Overflow;

use crate::record::Record;

/// A list of slots, built one by one: `((((), A), B), C)`.
#[diagnostic::on_unimplemented(
    message = "a measure of this aggregate has no state in a table of groups",
    note = "behind `quantiles` stands `finish_groups` in place of `finish`"
)]
pub trait Slots<T: Record>: Clone + Send + 'static {
    /// The slots' state, as a record: what the closure behind the aggregates reads.
    type Record: Record;
    /// The values that this closure gets.
    type Values<'a>;
    /// The slots' places in a table's rows.
    type Places<'t>: Copy;
    /// Whether the engine cannot merge a slot's states by itself.
    const MERGES: bool;
    /// Which of the states that exclude each other the slots have.
    #[doc(hidden)]
    const KEEPS: Keeps;

    /// Appends the leaves of each slot's state: how the engine keeps and merges them.
    fn leaves(&self, slots: &mut Vec<Vec<StateLeaf>>);
    /// Takes the slots' leaves from a table.
    fn places<'t>(reader: &mut StateReader<'t>) -> Option<Self::Places<'t>>;
    /// Adds a record; `claims` is what records are written in place with.
    fn add<'t>(&self, places: Self::Places<'t>, group: StateRow<'t>, record: T::At<'_>, claims: &mut Claims<'t>);
    /// Adds another state of the same group, to slots whose states the engine cannot merge.
    fn merge<'t>(
        &self,
        places: Self::Places<'t>,
        group: StateRow<'t>,
        state: <Self::Record as Record>::At<'_>,
        claims: &mut Claims<'t>,
    );
    /// The slots' values.
    ///
    /// # Errors
    /// Where a sum does not fit.
    fn values<'a>(&self, state: <Self::Record as Record>::At<'a>) -> Result<Self::Values<'a>, Overflow>;
}

/// States that do not go together in one aggregate.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Keeps {
    distinct_values: bool,
    texts: bool,
}

impl Keeps {
    pub(crate) const NEITHER: Keeps = Keeps { distinct_values: false, texts: false };
    /// Of `count_distinct`.
    pub(crate) const DISTINCT_VALUES: Keeps = Keeps { distinct_values: true, ..Keeps::NEITHER };
    /// For least and greatest texts, and for values that `min_by` and `max_by` carry.
    pub(crate) const TEXTS: Keeps = Keeps { texts: true, ..Keeps::NEITHER };

    /// These, and those of one more slot.
    pub(crate) const fn and(self, slot: Keeps) -> Self {
        Keeps { distinct_values: self.distinct_values || slot.distinct_values, texts: self.texts || slot.texts }
    }

    /// Fails the build of a program that takes both in one aggregate.
    #[track_caller]
    #[allow(clippy::panic, reason = "called in constants only: the compiler reports the text")]
    pub(crate) const fn must_go_together(self) {
        if self.distinct_values && self.texts {
            panic!("{}", DISTINCT_AND_TEXT);
        }
    }
}

/// A leaf that kernels add to, and that the engine merges by `merge`.
#[inline(never)]
pub(crate) fn kernel_leaves(leaves: &[(LeafType, Merge)]) -> Vec<StateLeaf> {
    leaves.iter().map(|&(ty, merge)| StateLeaf { ty, fold: Fold::Kernel(merge) }).collect()
}

/// Appends the leaves of a slot. Compiled once.
#[inline(never)]
pub(crate) fn add_slot(slots: &mut Vec<Vec<StateLeaf>>, leaves: Vec<StateLeaf>) {
    slots.push(leaves);
}

impl<T: Record> Slots<T> for () {
    type Record = ();
    type Values<'a> = ();
    type Places<'t> = ();
    const MERGES: bool = false;
    const KEEPS: Keeps = Keeps::NEITHER;
    fn leaves(&self, _: &mut Vec<Vec<StateLeaf>>) {}
    fn places<'t>(_: &mut StateReader<'t>) -> Option<()> {
        Some(())
    }
    #[inline(always)]
    fn add<'t>(&self, (): (), _: StateRow<'t>, _: T::At<'_>, _: &mut Claims<'t>) {}
    #[inline(always)]
    fn merge<'t>(&self, (): (), _: StateRow<'t>, (): (), _: &mut Claims<'t>) {}
    fn values<'a>(&self, (): <() as Record>::At<'a>) -> Result<Self::Values<'a>, Overflow> {
        Ok(())
    }
}

/// The type of a slot that holds a closure, of these types.
macro_rules! slot_type {
    ($(#[$doc:meta])* $name:ident<$($v:ident),+>) => {
        $(#[$doc])*
        pub struct $name<$($v,)+ F>(
            pub(in crate::flow::measures) F,
            pub(in crate::flow::measures) ::std::marker::PhantomData<fn() -> ($($v,)+)>,
        );
        impl<$($v,)+ F: Clone> Clone for $name<$($v,)+ F> {
            fn clone(&self) -> Self {
                $name(self.0.clone(), self.1)
            }
        }
    };
}
pub(crate) use slot_type;

/// One slot's part of [`Slots`]: its state, its value, and the places of the state in a row.
macro_rules! slot {
    ([$($generics:tt)*] $name:ty, $state:ty, $value:ty, $places:ty,
     $(keeps $keeps:ident,)? leaves($slot:ident) $leaves:expr, places($reader:ident) $take:expr,
     add($of:ident, $at:ident, $group:ident, $record:ident) $add:block, value($sum:ident) $out:expr) => {
        impl<T: $crate::record::Record, S: $crate::kernel::Slots<T>, $($generics)*> $crate::kernel::Slots<T> for (S, $name) {
            type Record = (S::Record, $state);
            type Values<'a> = (S::Values<'a>, $value);
            type Places<'t> = (S::Places<'t>, $places);
            const MERGES: bool = S::MERGES;
            const KEEPS: $crate::kernel::Keeps = S::KEEPS $(.and($crate::kernel::Keeps::$keeps))?;

            fn leaves(&self, slots: &mut Vec<Vec<::runtime::operators::StateLeaf>>) {
                self.0.leaves(slots);
                let $slot = &self.1;
                $crate::kernel::add_slot(slots, $leaves);
            }
            fn places<'t>($reader: &mut ::runtime::group::StateReader<'t>) -> Option<Self::Places<'t>> {
                Some((S::places($reader)?, $take))
            }
            #[inline(always)]
            fn add<'t>(
                &self,
                (before, $at): Self::Places<'t>,
                $group: ::runtime::group::StateRow<'t>,
                $record: T::At<'_>,
                claims: &mut ::runtime::page::Claims<'t>,
            ) {
                self.0.add(before, $group, $record, claims);
                let $of = &self.1;
                $add
            }
            #[inline(always)]
            fn merge<'t>(
                &self,
                places: Self::Places<'t>,
                group: ::runtime::group::StateRow<'t>,
                state: <Self::Record as $crate::record::Record>::At<'_>,
                claims: &mut ::runtime::page::Claims<'t>,
            ) {
                self.0.merge(places.0, group, state.0, claims);
            }
            fn values<'a>(
                &self,
                (before, $sum): <Self::Record as $crate::record::Record>::At<'a>,
            ) -> Result<Self::Values<'a>, ::runtime::value::Overflow> {
                Ok((self.0.values(before)?, $out))
            }
        }
    };
}
pub(crate) use slot;
