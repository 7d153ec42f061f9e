//! `min` and `max` over fields. The engine compares text fields, without a kernel.

use std::marker::PhantomData;
use std::ops::Range;

use runtime::operators::{Fold, StateLeaf};
use runtime::row::Schema;
use runtime::value::Overflow;

use super::extremes::{Max, Min};
use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Extreme, OfField, RecordLifetime, Room, Summary, folds, no_value, slot};
use crate::key::{Named, OfFields, Projection, leaves_of};
use crate::record::{Record, Value};

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Like `min`, over a field that a closure also reads.
    #[doc(hidden)]
    pub fn min_field<P: Projection<T> + OfFields, F>(
        self,
        field: impl FnOnce(T::Fields<T>) -> P,
        closure: F,
    ) -> Aggregates<T, K, M, (S, <P::Value as Comparable>::Min<OfField<F>>)>
    where
        P::Value: Comparable,
        F: for<'a> Fn(<P as Named<T>>::Record<'a>, RecordLifetime<'a>) -> <P::Value as Record>::At<'a>
            + Clone
            + Send
            + 'static,
    {
        self.with(P::Value::min_slot(leaves_of(&field(T::fields(0))), OfField(closure)))
    }

    /// Like `max`, over a field that a closure also reads.
    #[doc(hidden)]
    pub fn max_field<P: Projection<T> + OfFields, F>(
        self,
        field: impl FnOnce(T::Fields<T>) -> P,
        closure: F,
    ) -> Aggregates<T, K, M, (S, <P::Value as Comparable>::Max<OfField<F>>)>
    where
        P::Value: Comparable,
        F: for<'a> Fn(<P as Named<T>>::Record<'a>, RecordLifetime<'a>) -> <P::Value as Record>::At<'a>
            + Clone
            + Send
            + 'static,
    {
        self.with(P::Value::max_slot(leaves_of(&field(T::fields(0))), OfField(closure)))
    }
}

/// Fields with a least and a greatest value: plain values, texts, and `Option`s of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no least and greatest that an aggregate could keep",
    label = "neither a plain value nor a text",
    note = "`min` and `max` are over numbers, dates, timestamps, bools, chars and texts, and over `Option`s of these, of which `None` is passed over"
)]
pub trait Comparable: Record {
    /// The slot of the least value. A value of fixed size is read by a closure.
    type Min<F>;
    /// The slot of the greatest value.
    type Max<F>;
    /// Creates the slot of the least value, for the field at these leaves.
    fn min_slot<F>(leaves: Range<usize>, closure: F) -> Self::Min<F>;
    /// Creates the slot of the greatest value.
    fn max_slot<F>(leaves: Range<usize>, closure: F) -> Self::Max<F>;
    /// Returns `true` unless the value is `None`.
    fn is_there(at: Self::At<'_>) -> bool;
}

macro_rules! by_closure {
    ($([$($bound:tt)*] $ty:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($bound)*> Comparable for $ty {
            type Min<F> = Min<$ty, F>;
            type Max<F> = Max<$ty, F>;
            fn min_slot<F>(_: Range<usize>, closure: F) -> Self::Min<F> {
                Min(closure, PhantomData)
            }
            fn max_slot<F>(_: Range<usize>, closure: F) -> Self::Max<F> {
                Max(closure, PhantomData)
            }
            fn is_there(_: Self::At<'_>) -> bool {
                true
            }
        }
    )*};
}
by_closure! {
    [V: Extreme] V;
    [V: Extreme] Option<V>;
}

macro_rules! by_field {
    ($($ty:ty, $there:expr;)*) => {$(
        impl Comparable for $ty {
            type Min<F> = ExtremeField<$ty, F>;
            type Max<F> = ExtremeField<$ty, F>;
            fn min_slot<F>(leaves: Range<usize>, closure: F) -> Self::Min<F> {
                ExtremeField { folds: folds::min(leaves), closure, greatest: false, of: PhantomData }
            }
            fn max_slot<F>(leaves: Range<usize>, closure: F) -> Self::Max<F> {
                ExtremeField { folds: folds::max(leaves), closure, greatest: true, of: PhantomData }
            }
            fn is_there(at: Self::At<'_>) -> bool {
                let is_there: fn(Self::At<'_>) -> bool = $there;
                is_there(at)
            }
        }
    )*};
}
by_field! {
    String, |_| true;
    Option<String>, |text| text.is_some();
}

/// The least or greatest value of a field. The engine stores it in a table row. In an aggregate
/// with a quantile, the closure reads it.
pub struct ExtremeField<V, F> {
    folds: Vec<Fold>,
    closure: F,
    greatest: bool,
    of: PhantomData<fn() -> V>,
}

impl<V, F: Clone> Clone for ExtremeField<V, F> {
    fn clone(&self) -> Self {
        ExtremeField { folds: self.folds.clone(), closure: self.closure.clone(), ..*self }
    }
}

#[inline(never)]
fn folded_leaves(folds: &[Fold], schema: &Schema) -> Vec<StateLeaf> {
    folds.iter().zip(schema.types()).map(|(fold, ty)| StateLeaf { ty, fold: fold.clone() }).collect()
}

slot!([V: Record, F: Clone + Send + 'static] ExtremeField<V, F>, V, V::At<'a>, (),
    keeps TEXTS,
    leaves(slot) folded_leaves(&slot.folds, &V::schema()),
    places(reader) reader.skip(V::LEAVES),
    add(_slot, _at, _group, _record) {},
    value(value) value);

impl<T: Record, V: Comparable, F> Summary<T> for ExtremeField<V, OfField<F>>
where
    F: for<'a> Fn(T::At<'a>, RecordLifetime<'a>) -> V::At<'a> + Clone + Send + 'static,
{
    type State = Option<V>;
    type Value<'a> = V::At<'a>;
    fn begin(&self, _: Room) -> Option<V> {
        None
    }
    fn add(&self, best: &mut Option<V>, record: T::At<'_>) {
        let value = (self.closure.0)(record, RecordLifetime::default());
        let keeps_best = best.as_ref().is_some_and(|best| {
            let best = best.twin();
            match (V::is_there(value), V::is_there(best)) {
                (true, true) if self.greatest => V::compare(value, best).is_le(),
                (true, true) => V::compare(value, best).is_ge(),
                (is_some, _) => !is_some,
            }
        });
        if !keeps_best {
            *best = Some(V::own(value));
        }
    }
    fn value<'a>(&self, best: &'a mut Option<V>) -> Result<V::At<'a>, Overflow> {
        best.as_ref().map(Value::twin).ok_or_else(no_value::<V>)
    }
}
