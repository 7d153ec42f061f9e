//! `min_by` and `max_by` over fields. The carried value can be a text, a list or an `Option`.

use std::cmp::Ordering;
use std::marker::PhantomData;
use std::ops::Range;

use runtime::operators::{Fold, StateLeaf};
use runtime::row::Schema;
use runtime::value::Overflow;

use super::min_max_by::{MaxBy, MinBy};
use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Extreme, Folded, OfField, RecordLifetime, Room, Summary, no_value, slot};
use crate::key::{Named, OfFields, Projection, leaves_of};
use crate::record::Record;

/// Methods over two fields. Each field is also passed as a closure that reads it.
macro_rules! by_fields {
    ($($word:ident $slot:ident $make:ident $form:literal;)*) => {
        impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
            $(
                #[doc = $form]
                #[doc(hidden)]
                pub fn $word<B: Projection<T> + OfFields, V: Projection<T> + OfFields, F, G>(
                    self,
                    by: impl FnOnce(T::Fields<T>) -> B,
                    read_by: F,
                    value: impl FnOnce(T::Fields<T>) -> V,
                    read_value: G,
                ) -> Aggregates<
                    T,
                    K,
                    M,
                    (S, <B::Value as Extreme>::Kept<<V::Value as Carried>::$slot<B::Value, OfField<F>, OfField<G>>>),
                >
                where
                    B::Value: Record + Extreme,
                    V::Value: Carried,
                    F: for<'a> Fn(<B as Named<T>>::Record<'a>, RecordLifetime<'a>) -> <B::Value as Record>::At<'a>
                        + Clone
                        + Send
                        + 'static,
                    G: for<'a> Fn(<V as Named<T>>::Record<'a>, RecordLifetime<'a>) -> <V::Value as Record>::At<'a>
                        + Clone
                        + Send
                        + 'static,
                {
                    let leaves = [leaves_of(&by(T::fields(0))), leaves_of(&value(T::fields(0)))];
                    self.with(B::Value::kept(V::Value::$make(leaves, OfField(read_by), OfField(read_value))))
                }
            )*
        }
    };
}
by_fields! {
    min_by_field LeastBy least_by "The form of `min_by` over fields.";
    max_by_field GreatestBy greatest_by "The form of `max_by` over fields.";
}

/// Fields that `min_by` and `max_by` can carry: plain values, texts, lists, and `Option`s.
#[diagnostic::on_unimplemented(
    message = "`min_by` and `max_by` cannot carry a `{Self}`",
    label = "neither a plain value nor a text, a list or an `Option`",
    note = "carry its fields one by one, `(g.max_by(|r| r.price, |r| r.seller.name), ..)`, or keep whole records: `.group_by(..).max_by(|r| r.price)`"
)]
pub trait Carried: Record {
    /// The slot for the value of the record whose `B` is least. A value of fixed size is read by a
    /// closure.
    type LeastBy<B, F, G>;
    /// The slot for the value of the record whose `B` is greatest.
    type GreatestBy<B, F, G>;
    /// Creates the slot of the least, for fields at these leaves.
    fn least_by<B, F, G>(leaves: [Range<usize>; 2], by: F, value: G) -> Self::LeastBy<B, F, G>;
    /// Creates the slot of the greatest.
    fn greatest_by<B, F, G>(leaves: [Range<usize>; 2], by: F, value: G) -> Self::GreatestBy<B, F, G>;
}

#[diagnostic::do_not_recommend]
impl<V: Extreme + Record> Carried for V {
    type LeastBy<B, F, G> = Folded<MinBy<B, V, F, G>>;
    type GreatestBy<B, F, G> = Folded<MaxBy<B, V, F, G>>;
    fn least_by<B, F, G>(_: [Range<usize>; 2], by: F, value: G) -> Self::LeastBy<B, F, G> {
        Folded(MinBy(by, value, PhantomData))
    }
    fn greatest_by<B, F, G>(_: [Range<usize>; 2], by: F, value: G) -> Self::GreatestBy<B, F, G> {
        Folded(MaxBy(by, value, PhantomData))
    }
}

macro_rules! by_engine {
    ($([$($bound:tt)*] $ty:ty;)*) => {$(
        impl<$($bound)*> Carried for $ty
        where
            $ty: Record,
        {
            type LeastBy<B, F, G> = CarriedField<B, $ty, F, G>;
            type GreatestBy<B, F, G> = CarriedField<B, $ty, F, G>;
            fn least_by<B, F, G>(leaves: [Range<usize>; 2], by: F, value: G) -> Self::LeastBy<B, F, G> {
                CarriedField { leaves, by, value, greatest: false, of: PhantomData }
            }
            fn greatest_by<B, F, G>(leaves: [Range<usize>; 2], by: F, value: G) -> Self::GreatestBy<B, F, G> {
                CarriedField { leaves, by, value, greatest: true, of: PhantomData }
            }
        }
    )*};
}
by_engine! {
    [] String;
    [V] Option<V>;
    [V] Vec<V>;
}

/// A field of the record whose other field is least or greatest. The engine stores both in a table
/// row. In an aggregate with a quantile, closures read them.
pub struct CarriedField<B, V, F, G> {
    leaves: [Range<usize>; 2],
    by: F,
    value: G,
    greatest: bool,
    of: PhantomData<fn() -> (B, V)>,
}

impl<B, V, F: Clone, G: Clone> Clone for CarriedField<B, V, F, G> {
    fn clone(&self) -> Self {
        let CarriedField { leaves, by, value, greatest, of } = self;
        CarriedField { leaves: leaves.clone(), by: by.clone(), value: value.clone(), greatest: *greatest, of: *of }
    }
}

#[inline(never)]
fn carried_leaves([by, value]: &[Range<usize>; 2], greatest: bool, schema: &Schema) -> Vec<StateLeaf> {
    let by = Fold::By { leaf: by.start, greatest, carried: value.len() };
    let folds = std::iter::once(by).chain(value.clone().map(Fold::Carried));
    folds.zip(schema.types()).map(|(fold, ty)| StateLeaf { ty, fold }).collect()
}

slot!([B: Record, V: Record, F: Clone + Send + 'static, G: Clone + Send + 'static] CarriedField<B, V, F, G>, (B, V), V::At<'a>, (),
    keeps TEXTS,
    leaves(slot) carried_leaves(&slot.leaves, slot.greatest, &<(B, V)>::schema()),
    places(reader) reader.skip(<(B, V)>::LEAVES),
    add(_slot, _at, _group, _record) {},
    value(state) state.1);

impl<T: Record, B: Record, V: Record, F, G> Summary<T> for CarriedField<B, V, OfField<F>, OfField<G>>
where
    F: for<'a> Fn(T::At<'a>, RecordLifetime<'a>) -> B::At<'a> + Clone + Send + 'static,
    G: for<'a> Fn(T::At<'a>, RecordLifetime<'a>) -> V::At<'a> + Clone + Send + 'static,
{
    type State = Option<(B, V)>;
    type Value<'a> = V::At<'a>;
    fn begin(&self, _: Room) -> Option<(B, V)> {
        None
    }
    fn add(&self, best: &mut Option<(B, V)>, record: T::At<'_>) {
        let (by, value) =
            ((self.by.0)(record, RecordLifetime::default()), (self.value.0)(record, RecordLifetime::default()));
        let order = best.as_ref().map_or(Ordering::Less, |(best, carried)| {
            let order = B::compare(by, best.twin());
            let order = if self.greatest { order.reverse() } else { order };
            order.then_with(|| V::compare(value, carried.twin()))
        });
        if order.is_lt() {
            *best = Some((B::own(by), V::own(value)));
        }
    }
    fn value<'a>(&self, best: &'a mut Option<(B, V)>) -> Result<V::At<'a>, Overflow> {
        best.as_ref().map(|(_, value)| value.twin()).ok_or_else(no_value::<V>)
    }
}
