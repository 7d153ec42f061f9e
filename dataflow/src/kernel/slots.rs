//! Several aggregates in one pass: a type for each slot, so that all measures of a grouping are one loop.
//!
//! The type of a measure's slot is one that the measure says (`Kept`), though all say the same: behind a type that is no measure the compiler
//! then knows of no slot, and reports what is wrong once, at the measure.
//!
//! **`Option` is a parameter of a slot, not another slot.** A sum of what may be missing has a count beside it, one of plain values has none
//! (`Tally`), and the result is an `Option` or is not (`Measured::Of`): one loop, compiled for what it is.

use runtime::group::{StateReader, StateRow, StateSlot};
use runtime::operators::{Fold, Merge, StateLeaf};
use runtime::page::Claims;
use runtime::row::LeafType;
use runtime::value::Overflow;

use crate::record::Record;

use super::{Extreme, Measure, Measured, Ordered, Parts, State, Tally};

/// What says whether a record counts: `bool`.
pub trait Condition: Copy + 'static {
    /// Whether it does.
    fn holds(self) -> bool;
}
impl Condition for bool {
    fn holds(self) -> bool {
        self
    }
}

/// What takes a measure from a record: a closure.
pub trait Reads<T: Record, V>: Clone + Send + 'static {
    /// The measure.
    fn read(&self, record: T::At<'_>) -> V;
}

impl<T: Record, V, F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static> Reads<T, V> for F {
    #[inline(always)]
    fn read(&self, record: T::At<'_>) -> V {
        self(record)
    }
}

/// A closure that gives a field as it is seen, which may borrow from the record: that is why it has a second parameter, which names the lifetime.
#[derive(Clone)]
pub struct OfField<F>(pub(crate) F);

impl<T: Record, V, F> Reads<T, V> for OfField<F>
where
    V: for<'a> Record<At<'a> = V>,
    F: for<'a> Fn(T::At<'a>, Seen<'a>) -> V::At<'a> + Clone + Send + 'static,
{
    #[inline(always)]
    fn read(&self, record: T::At<'_>) -> V {
        (self.0)(record, Seen::default())
    }
}

/// The lifetime of a record that a closure sees.
pub type Seen<'a> = std::marker::PhantomData<&'a ()>;

/// A list of slots, built one by one: `((((), A), B), C)`.
#[diagnostic::on_unimplemented(
    message = "a measure of this aggregate has no state in a table of groups",
    note = "behind `quantiles` stands `finish_groups` in place of `finish`"
)]
pub trait Slots<T: Record>: Clone + Send + 'static {
    /// The slots' state, as a record: what the closure behind the aggregates reads.
    type Record: Record;
    /// What that closure is given.
    type Values<'a>;
    /// The slots' places in a table's rows.
    type Places<'t>: Copy;
    /// Whether a slot's states can be merged by nobody else.
    const MERGES: bool;

    /// How the engine keeps and merges the state's leaves.
    fn leaves(&self, leaves: &mut Vec<StateLeaf>);
    /// Takes the slots' leaves from a table.
    fn places<'t>(reader: &mut StateReader<'t>) -> Option<Self::Places<'t>>;
    /// Adds a record; `claims` is what records are written in place with.
    fn add<'t>(&self, places: Self::Places<'t>, group: StateRow<'t>, record: T::At<'_>, claims: &mut Claims<'t>);
    /// Adds another state of the same group, to the slots that [`Slots::MERGES`] speaks of.
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

pub(super) fn kernel_leaf(ty: LeafType, merge: Merge) -> StateLeaf {
    StateLeaf { ty, fold: Fold::Kernel(merge) }
}

impl<T: Record> Slots<T> for () {
    type Record = ();
    type Values<'a> = ();
    type Places<'t> = ();
    const MERGES: bool = false;
    fn leaves(&self, _: &mut Vec<StateLeaf>) {}
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

/// One slot's part of [`Slots`].
macro_rules! slot {
    ($name:ident $(<$v:ident: $bound:ident>)?, $state:ty, $value:ty, $places:ty,
     leaves($slot:ident) $leaves:expr, places($reader:ident) $take:expr,
     add($of:ident, $at:ident, $group:ident, $record:ident) $add:block, value($sum:ident) $out:expr) => {
        impl<T: Record, S: Slots<T> $(, $v: $bound, F)?> Slots<T> for (S, $name $(<$v, F>)?)
        where
            $(F: Reads<T, $v>,)?
        {
            type Record = (S::Record, $state);
            type Values<'a> = (S::Values<'a>, $value);
            type Places<'t> = (S::Places<'t>, $places);
            const MERGES: bool = S::MERGES;

            fn leaves(&self, leaves: &mut Vec<StateLeaf>) {
                self.0.leaves(leaves);
                let $slot = &self.1;
                leaves.extend($leaves);
            }
            fn places<'t>($reader: &mut StateReader<'t>) -> Option<Self::Places<'t>> {
                Some((S::places($reader)?, $take))
            }
            #[inline(always)]
            fn add<'t>(
                &self,
                (before, $at): Self::Places<'t>,
                $group: StateRow<'t>,
                $record: T::At<'_>,
                claims: &mut Claims<'t>,
            ) {
                self.0.add(before, $group, $record, claims);
                let $of = &self.1;
                $add
            }
            #[inline(always)]
            fn merge<'t>(
                &self,
                (before, _): Self::Places<'t>,
                group: StateRow<'t>,
                (state, _): <Self::Record as Record>::At<'_>,
                claims: &mut Claims<'t>,
            ) {
                self.0.merge(before, group, state, claims);
            }
            fn values<'a>(
                &self,
                (before, $sum): <Self::Record as Record>::At<'a>,
            ) -> Result<Self::Values<'a>, Overflow> {
                Ok((self.0.values(before)?, $out))
            }
        }
    };
}

/// The sum of a measure.
pub struct Sum<V, F>(pub(crate) F, pub(crate) std::marker::PhantomData<fn() -> V>);
/// The sum of a measure whose mean is asked for, too.
pub struct SumParts<V, F>(pub(crate) F, pub(crate) std::marker::PhantomData<fn() -> V>);
/// The mean of a measure.
pub struct Avg<V, F>(pub(crate) F, pub(crate) std::marker::PhantomData<fn() -> V>);
/// The least of a measure.
pub struct Least<V, F>(pub(crate) F, pub(crate) std::marker::PhantomData<fn() -> V>);
/// The greatest of a measure.
pub struct Greatest<V, F>(pub(crate) F, pub(crate) std::marker::PhantomData<fn() -> V>);
/// The number of records.
#[derive(Clone)]
pub struct Count;
/// The number of records for which a condition holds.
pub struct CountIf<V, F>(pub(crate) F, pub(crate) std::marker::PhantomData<fn() -> V>);

macro_rules! cloned {
    ($($name:ident)*) => {$(
        impl<V, F: Clone> Clone for $name<V, F> {
            fn clone(&self) -> Self {
                $name(self.0.clone(), self.1)
            }
        }
    )*};
}
cloned!(Sum SumParts Avg Least Greatest CountIf);

/// What a measure's sum runs in.
pub(crate) type SumOf<V> = <<V as Measured>::Number as Measure>::Sum;
/// What it is given back as.
pub(super) type TotalOf<V> = <<V as Measured>::Number as Measure>::Total;
/// How a least or greatest is stored.
type StoredOf<V> = <<V as Ordered>::Plain as Extreme>::Stored;
/// Where a sum lies, and what counts its numbers.
type SumPlaces<'t, V> = (StateSlot<'t, SumOf<V>>, <<V as Measured>::Tally as Tally>::Place<'t>);

fn sum_leaves<V: Measured>() -> impl Iterator<Item = StateLeaf> {
    std::iter::once(kernel_leaf(<SumOf<V> as State>::LEAF, Merge::Sum)).chain(V::Tally::leaf())
}

#[inline(always)]
fn add_number<'t, V: Measured>((sum, tally): SumPlaces<'t, V>, group: StateRow<'t>, value: V) {
    if let Some(number) = value.number() {
        sum.set(group, V::Number::add(sum.get(group), number));
        V::Tally::add(tally, group);
    }
}

/// A sum with its mean's parts, where it fits.
pub(super) fn parts_of<V: Measured>((sum, tally): (SumOf<V>, V::Tally)) -> Result<Parts<V>, Overflow> {
    let total = V::Number::total(sum).ok_or_else(too_large::<V::Number>)?;
    Ok(Parts { total, tally })
}

pub(super) fn too_large<V>() -> Overflow {
    let path = std::any::type_name::<V>();
    let name = path.rsplit("::").next().unwrap_or(path);
    Overflow { what: format!("a sum of {name} leaves the type's range; widen the measure first") }
}

slot!(Sum<V: Measured>, (SumOf<V>, V::Tally), V::Of<TotalOf<V>>, SumPlaces<'t, V>,
    leaves(_slot) sum_leaves::<V>(),
    places(reader) (reader.plain()?, V::Tally::place(reader)?),
    add(slot, at, group, record) { add_number::<V>(at, group, slot.0.read(record)); },
    value(state) parts_of::<V>(state)?.sum());
slot!(SumParts<V: Measured>, (SumOf<V>, V::Tally), Parts<V>, SumPlaces<'t, V>,
    leaves(_slot) sum_leaves::<V>(),
    places(reader) (reader.plain()?, V::Tally::place(reader)?),
    add(slot, at, group, record) { add_number::<V>(at, group, slot.0.read(record)); },
    value(state) parts_of::<V>(state)?);
slot!(Avg<V: Measured>, (SumOf<V>, u64), V::Of<f64>, (StateSlot<'t, SumOf<V>>, StateSlot<'t, u64>),
    leaves(_slot) [kernel_leaf(<SumOf<V> as State>::LEAF, Merge::Sum), kernel_leaf(LeafType::U64, Merge::Sum)],
    places(reader) (reader.plain()?, reader.plain()?),
    add(slot, at, group, record) {
        if let Some(number) = slot.0.read(record).number() {
            at.0.set(group, V::Number::add(at.0.get(group), number));
            at.1.set(group, at.1.get(group) + 1);
        }
    },
    value(state) V::of(V::Number::mean(state.0, state.1), state.1));
slot!(Count, u64, u64, StateSlot<'t, u64>,
    leaves(_slot) [kernel_leaf(LeafType::U64, Merge::Sum)],
    places(reader) reader.plain()?,
    add(_slot, at, group, _record) { at.set(group, at.get(group) + 1); },
    value(count) count);

slot!(CountIf<V: Condition>, u64, u64, StateSlot<'t, u64>,
    leaves(_slot) [kernel_leaf(LeafType::U64, Merge::Sum)],
    places(reader) reader.plain()?,
    add(slot, at, group, record) { at.set(group, at.get(group) + u64::from(slot.0.read(record).holds())); },
    value(count) count);

macro_rules! extreme {
    ($name:ident, $merge:ident, $better:expr) => {
        slot!($name<V: Ordered>, Option<V::Plain>, V, (StateSlot<'t, u8>, StateSlot<'t, StoredOf<V>>),
            leaves(_slot) [kernel_leaf(LeafType::Valid, Merge::Valid), kernel_leaf(V::Plain::LEAF, Merge::$merge)],
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
            // A group has a record, so only values that may be missing can be.
            value(state) V::found(state.map(V::Plain::own)).ok_or_else(too_large::<V>)?);
    };
}
extreme!(Least, Min, |new, old| new.less(old));
extreme!(Greatest, Max, |new, old| old.less(new));
