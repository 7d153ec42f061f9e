//! Slots: the measures of an aggregate. Each has a type of its own, so that all run in one loop.
//!
//! A measure has its slot's type as an associated type (`Kept`), although it is the same for all
//! measures. So the compiler finds no slot for a type that is not a measure, and reports the error
//! once, at the measure.
//!
//! Measures of an `Option` use the slots of the plain value, with other parameters. A sum of
//! `Option`s also keeps a count (`Tally`), and its result is an `Option` (`Measured::Of`).

use runtime::group::{StateReader, StateRow};
use runtime::operators::{DISTINCT_AND_TEXT, Fold, Merge, StateLeaf};
use runtime::page::Claims;
use runtime::row::LeafType;
use runtime::value::Overflow;

use crate::record::Record;

/// A list of slots, nested in the order of their declaration: `((((), A), B), C)`.
#[diagnostic::on_unimplemented(
    message = "a measure of this aggregate has no state in a table of groups",
    note = "behind `quantiles` stands `finish_groups` in place of `finish`"
)]
pub trait Slots<T: Record>: Clone + Send + 'static {
    /// The state of the slots as a record, which [`values`](Slots::values) reads.
    type Record: Record;
    /// The values that the closure of the aggregate receives.
    type Values<'a>;
    /// The locations of the slots in a table's rows.
    type Places<'t>: Copy;
    /// `true` if a state must be merged by [`merge`](Slots::merge), because the engine cannot.
    const MERGES: bool;
    /// The states in the slots that cannot be combined with others.
    #[doc(hidden)]
    const KEEPS: Keeps;

    /// Appends the leaves of each slot's state: how the engine stores and merges them.
    fn leaves(&self, slots: &mut Vec<Vec<StateLeaf>>);
    /// Takes the slots' leaves from a table.
    fn places<'t>(reader: &mut StateReader<'t>) -> Option<Self::Places<'t>>;
    /// Adds a record. `claims` provides the room for records that are written in place.
    fn add<'t>(&self, places: Self::Places<'t>, group: StateRow<'t>, record: T::At<'_>, claims: &mut Claims<'t>);
    /// Merges another state of the same group, in the slots that the engine cannot merge.
    fn merge<'t>(
        &self,
        places: Self::Places<'t>,
        group: StateRow<'t>,
        state: <Self::Record as Record>::At<'_>,
        claims: &mut Claims<'t>,
    );
    /// Returns the slots' values.
    ///
    /// # Errors
    /// Fails if a sum overflows.
    fn values<'a>(&self, state: <Self::Record as Record>::At<'a>) -> Result<Self::Values<'a>, Overflow>;
}

/// States that cannot be combined in one aggregate.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Keeps {
    distinct_values: bool,
    texts: bool,
}

impl Keeps {
    pub(crate) const NEITHER: Keeps = Keeps { distinct_values: false, texts: false };
    /// The state of `count_distinct`.
    pub(crate) const DISTINCT_VALUES: Keeps = Keeps { distinct_values: true, ..Keeps::NEITHER };
    /// The state of minimum and maximum texts, and of values that `min_by` and `max_by` return.
    pub(crate) const TEXTS: Keeps = Keeps { texts: true, ..Keeps::NEITHER };

    /// Adds the states of one more slot.
    pub(crate) const fn and(self, slot: Keeps) -> Self {
        Keeps { distinct_values: self.distinct_values || slot.distinct_values, texts: self.texts || slot.texts }
    }

    /// Fails the build of a program that uses both in one aggregate.
    #[track_caller]
    #[allow(clippy::panic, reason = "called in constants only: the compiler reports the text")]
    pub(crate) const fn must_go_together(self) {
        if self.distinct_values && self.texts {
            panic!("{}", DISTINCT_AND_TEXT);
        }
    }
}

/// Returns leaves that kernels add to, and that the engine merges as given.
#[inline(never)]
pub(crate) fn kernel_leaves(leaves: &[(LeafType, Merge)]) -> Vec<StateLeaf> {
    leaves.iter().map(|&(ty, merge)| StateLeaf { ty, fold: Fold::Kernel(merge) }).collect()
}

/// Appends the leaves of a slot. Not generic, so that it is compiled once.
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

/// Declares the type of a slot that holds a closure, with these type parameters.
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

/// Implements [`Slots`] for one more slot: its state, its value, and the locations of the state in
/// a row.
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
