//! Measures of groups whose records are together: what keeps a value of any size, as a quantile does its numbers, cannot lie in a table's row.
//!
//! Each slot of an aggregate has such a form, so that all of a group's measures are taken in one pass over its records.

use std::marker::PhantomData;

use runtime::value::Overflow;

use super::folds::ExtremeField;
use super::slots::{SumOf, TotalOf, parts_of, too_large};
use super::spread::Moments;
use super::{
    Avg, Comparable, Condition, Count, CountIf, Extreme, Folded, Folding, Greatest, GreatestBy, Least, LeastBy,
    Measure, Measured, Ordered, Parts, Reads, Seen, Spread, Spreads, Sum, SumParts, Tally,
};
use crate::record::{Record, Value};

/// What a slot may keep of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A number for each of so many records.
    For(usize),
    /// Only what does not grow with the group.
    None,
}

/// A slot over records that are together.
pub trait Summary<T: Record>: Clone + Send + 'static {
    /// What it keeps of a group.
    type State;
    /// Its value.
    type Value<'a>;
    /// Bytes that it takes, however large a group is.
    fn aside(&self) -> usize {
        0
    }
    /// Bytes that it keeps for each record where there is [room](Room::For).
    fn number_bytes(&self) -> usize {
        0
    }
    /// What is wrong with it.
    fn refused(&self) -> Option<String> {
        None
    }
    /// Of a group without records.
    fn begin(&self, room: Room) -> Self::State;
    /// Adds a record.
    fn add(&self, state: &mut Self::State, record: T::At<'_>);
    /// After a pass over all records: whether it needs another.
    fn again(&self, _: &mut Self::State) -> bool {
        false
    }
    /// Adds a record in such a pass.
    fn add_again(&self, _: &mut Self::State, _: T::At<'_>) {}
    /// The group's value.
    ///
    /// # Errors
    /// Where a sum does not fit.
    fn value<'a>(&self, state: &'a mut Self::State) -> Result<Self::Value<'a>, Overflow>;
}

/// A list of slots over records that are together, nested as [`Slots`](super::Slots) are.
#[diagnostic::on_unimplemented(
    message = "a measure of this aggregate cannot be taken beside a median or a percentile",
    note = "take `count_distinct` in an `aggregate` of its own, and join both by the key"
)]
pub trait Summaries<T: Record>: Clone + Send + 'static {
    /// What they keep of a group.
    type State;
    /// What the closure behind them is given.
    type Values<'a>;
    /// As [`Summary::aside`].
    fn aside(&self) -> usize;
    /// As [`Summary::number_bytes`].
    fn number_bytes(&self) -> usize;
    /// As [`Summary::refused`].
    fn refused(&self) -> Option<String>;
    /// As [`Summary::begin`].
    fn begin(&self, room: Room) -> Self::State;
    /// As [`Summary::add`].
    fn add(&self, state: &mut Self::State, record: T::At<'_>);
    /// As [`Summary::again`].
    fn again(&self, state: &mut Self::State) -> bool;
    /// As [`Summary::add_again`].
    fn add_again(&self, state: &mut Self::State, record: T::At<'_>);
    /// As [`Summary::value`].
    ///
    /// # Errors
    /// As there.
    fn values<'a>(&self, state: &'a mut Self::State) -> Result<Self::Values<'a>, Overflow>;
}

impl<T: Record> Summaries<T> for () {
    type State = ();
    type Values<'a> = ();
    fn aside(&self) -> usize {
        0
    }
    fn number_bytes(&self) -> usize {
        0
    }
    fn refused(&self) -> Option<String> {
        None
    }
    fn begin(&self, _: Room) {}
    fn add(&self, (): &mut (), _: T::At<'_>) {}
    fn again(&self, (): &mut ()) -> bool {
        false
    }
    fn add_again(&self, (): &mut (), _: T::At<'_>) {}
    fn values<'a>(&self, (): &'a mut ()) -> Result<Self::Values<'a>, Overflow> {
        Ok(())
    }
}

impl<T: Record, S: Summaries<T>, A: Summary<T>> Summaries<T> for (S, A) {
    type State = (S::State, A::State);
    type Values<'a> = (S::Values<'a>, A::Value<'a>);
    fn aside(&self) -> usize {
        self.0.aside() + self.1.aside()
    }
    fn number_bytes(&self) -> usize {
        self.0.number_bytes() + self.1.number_bytes()
    }
    fn refused(&self) -> Option<String> {
        self.0.refused().or_else(|| self.1.refused())
    }
    fn begin(&self, room: Room) -> Self::State {
        (self.0.begin(room), self.1.begin(room))
    }
    #[inline(always)]
    fn add(&self, state: &mut Self::State, record: T::At<'_>) {
        self.0.add(&mut state.0, record);
        self.1.add(&mut state.1, record);
    }
    fn again(&self, state: &mut Self::State) -> bool {
        let before = self.0.again(&mut state.0);
        self.1.again(&mut state.1) || before
    }
    fn add_again(&self, state: &mut Self::State, record: T::At<'_>) {
        self.0.add_again(&mut state.0, record);
        self.1.add_again(&mut state.1, record);
    }
    fn values<'a>(&self, state: &'a mut Self::State) -> Result<Self::Values<'a>, Overflow> {
        Ok((self.0.values(&mut state.0)?, self.1.value(&mut state.1)?))
    }
}

/// A slot's [`Summary`]: its state, how it begins, how a record is added, its value.
macro_rules! summary {
    ([$($generics:tt)*] $slot:ty, $state:ty, $value:ty,
     add($of:ident, $state_name:ident, $record:ident) $add:block, value($taken:ident) $out:expr) => {
        impl<T: Record, $($generics)*> Summary<T> for $slot {
            type State = $state;
            type Value<'a> = $value;
            fn begin(&self, _: Room) -> $state {
                <$state>::default()
            }
            #[inline(always)]
            fn add(&self, $state_name: &mut $state, $record: T::At<'_>) {
                let $of = self;
                $add
            }
            fn value(&self, $taken: &mut $state) -> Result<$value, Overflow> {
                Ok($out)
            }
        }
    };
}

#[inline(always)]
fn add_number<V: Measured>((sum, tally): &mut (SumOf<V>, V::Tally), value: V) {
    if let Some(number) = value.number() {
        (*sum, *tally) = (V::Number::add(*sum, number), tally.next());
    }
}

summary!([V: Measured, F: Reads<T, V>] Sum<V, F>, (SumOf<V>, V::Tally), V::Of<TotalOf<V>>,
    add(slot, state, record) { add_number::<V>(state, slot.0.read(record)); },
    value(state) parts_of::<V>(*state)?.sum());
summary!([V: Measured, F: Reads<T, V>] SumParts<V, F>, (SumOf<V>, V::Tally), Parts<V>,
    add(slot, state, record) { add_number::<V>(state, slot.0.read(record)); },
    value(state) parts_of::<V>(*state)?);
summary!([V: Measured, F: Reads<T, V>] Avg<V, F>, (SumOf<V>, u64), V::Of<f64>,
    add(slot, state, record) {
        if let Some(number) = slot.0.read(record).number() {
            *state = (V::Number::add(state.0, number), state.1 + 1);
        }
    },
    value(state) V::of(V::Number::mean(state.0, state.1), state.1));
summary!([] Count, u64, u64,
    add(_slot, count, _record) { *count += 1; },
    value(count) *count);
summary!([V: Condition, F: Reads<T, V>] CountIf<V, F>, u64, u64,
    add(slot, count, record) { *count += u64::from(slot.0.read(record).holds()); },
    value(count) *count);
summary!([K: Spreads, V: Measured, F: Reads<T, V>] Spread<K, V, F>, Moments, K::Value<V>,
    add(slot, moments, record) {
        if let Some(number) = slot.0.read(record).number() {
            moments.add(number.float());
        }
    },
    value(moments) K::of(*moments));

macro_rules! extremes {
    ($($name:ident $by:ident: $better:expr;)*) => {$(
        summary!([V: Ordered, F: Reads<T, V>] $name<V, F>, Option<V::Plain>, V,
            add(slot, best, record) {
                let better: fn(V::Plain, V::Plain) -> bool = $better;
                if let Some(value) = slot.0.read(record).plain()
                    && best.is_none_or(|best| better(value, best))
                {
                    *best = Some(value);
                }
            },
            value(best) V::found(*best).ok_or_else(too_large::<V>)?);
        summary!([B: Extreme, V: Extreme, F: Reads<T, B>, G: Reads<T, V>] $by<B, V, F, G>, Option<(B, V)>, V,
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
    )*};
}
extremes! {
    Least LeastBy: |new, old| new.less(old);
    Greatest GreatestBy: |new, old| old.less(new);
}

impl<T: Record, X: Folding<T>> Summary<T> for Folded<X> {
    type State = X::Accumulator;
    type Value<'a> = X::Output;
    fn begin(&self, _: Room) -> X::Accumulator {
        self.0.init()
    }
    #[inline(always)]
    fn add(&self, state: &mut X::Accumulator, record: T::At<'_>) {
        self.0.accumulate(state, record);
    }
    fn value(&self, state: &mut X::Accumulator) -> Result<X::Output, Overflow> {
        Ok(self.0.finish(*state))
    }
}

impl<T: Record, V: Comparable, F> Summary<T> for ExtremeField<V, super::OfField<F>>
where
    F: for<'a> Fn(T::At<'a>, Seen<'a>) -> V::At<'a> + Clone + Send + 'static,
{
    type State = Option<V>;
    type Value<'a> = V::At<'a>;
    fn begin(&self, _: Room) -> Option<V> {
        None
    }
    fn add(&self, best: &mut Option<V>, record: T::At<'_>) {
        let value = (self.closure.0)(record, Seen::default());
        let stays = best.as_ref().is_some_and(|best| {
            let best = best.twin();
            match (V::is_there(value), V::is_there(best)) {
                (true, true) if self.greatest => V::compare(value, best).is_le(),
                (true, true) => V::compare(value, best).is_ge(),
                (here, _) => !here,
            }
        });
        if !stays {
            *best = Some(V::own(value));
        }
    }
    fn value<'a>(&self, best: &'a mut Option<V>) -> Result<V::At<'a>, Overflow> {
        best.as_ref().map(Value::twin).ok_or_else(too_large::<V>)
    }
}

/// Fields of the record that is the group's first, by the closure that reads them.
pub struct FirstSeen<V, F>(pub(crate) F, pub(crate) PhantomData<fn() -> V>);

impl<V, F: Clone> Clone for FirstSeen<V, F> {
    fn clone(&self) -> Self {
        FirstSeen(self.0.clone(), self.1)
    }
}

impl<T: Record, V: Record, F> Summary<T> for FirstSeen<V, F>
where
    F: for<'a> Fn(T::At<'a>, Seen<'a>) -> V::At<'a> + Clone + Send + 'static,
{
    type State = Option<V>;
    type Value<'a> = V::At<'a>;
    fn begin(&self, _: Room) -> Option<V> {
        None
    }
    fn add(&self, first: &mut Option<V>, record: T::At<'_>) {
        if first.is_none() {
            *first = Some(V::own((self.0)(record, Seen::default())));
        }
    }
    fn value<'a>(&self, first: &'a mut Option<V>) -> Result<V::At<'a>, Overflow> {
        first.as_ref().map(Value::twin).ok_or_else(too_large::<V>)
    }
}
