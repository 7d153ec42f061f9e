//! Fields as symbols, and keys and orders made of them.
//!
//! A key closure runs once, while the graph is built: `|w| w.word` gets the record's symbols and
//! returns one, or a tuple of them.
//!
//! An operator of its own computes a computed key. Its rows are the record's leaves and then the
//! key's. Closures read the first leaves, so no kernel, state or order has a case for the key. A
//! projection drops the key again. Only the table of a grouped `reduce` keeps the key's leaves,
//! since it replaces whole rows.

mod computed;
mod matched;
mod named;
mod order;
mod outside;
mod words;

use std::marker::PhantomData;
use std::ops::Range;

use runtime::operators::Keyed;
use runtime::sort::OrderKey;
use runtime::value::{Date, Decimal, TimeDelta, Timestamp};

use crate::record::Record;

pub use computed::{Computed, ComputedOrder, Symbols};
use matched::SameKey;
pub use matched::{key_at, matched_key};
pub use named::Named;
pub(crate) use named::leaves_of;
pub(crate) use order::nulls_last;
pub use order::{Asc, Desc, NamesField, Order, asc, desc};

/// A field of `T` with values of type `V`: the result of `|w| w.word`.
pub struct Field<T, V> {
    first_leaf: usize,
    of: PhantomData<fn() -> (T, V)>,
}

copies! { [T, V] Field<T, V> }

impl<T, V> Field<T, V> {
    /// Creates the field that begins at a leaf of `T`.
    pub(crate) const fn new(first_leaf: usize) -> Self {
        Field { first_leaf, of: PhantomData }
    }

    /// Returns the first leaf of the field.
    #[must_use]
    pub const fn first_leaf(self) -> usize {
        self.first_leaf
    }
}

/// Creates the field that begins at a leaf of `T`. For generated code. If a program calls it with a
/// wrong leaf, key checks before the run find it.
#[must_use]
pub const fn field_at<T, V>(first_leaf: usize) -> Field<T, V> {
    Field::new(first_leaf)
}

impl<T, V: Record> Field<T, V> {
    /// The leaves of the field.
    pub(crate) fn leaves(self) -> Range<usize> {
        self.first_leaf..self.first_leaf + V::LEAVES
    }
}

/// Values that can be keys: all but floats, whose equality depends on rounding.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key: equality of floats depends on rounding",
    label = "a float as key",
    note = "use an integer or a `Decimal`, or round in a `map` first"
)]
pub trait Equality: Record {}

macro_rules! equality {
    ($($ty:ty)*) => {$( impl Equality for $ty {} )*};
}
equality!(bool char i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 String Date Timestamp TimeDelta);
impl<const SCALE: u8> Equality for Decimal<SCALE> {}
impl<V: Equality> Equality for Option<V> {}

/// [`Equality`] as a bound of generated code. It mentions a lifetime, so the compiler accepts a
/// bound that does not hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key: equality of floats depends on rounding",
    label = "a float in a key",
    note = "use an integer or a `Decimal`, or round in a `map` first"
)]
pub trait EqualityIn<'a> {}
impl<V: Equality> EqualityIn<'_> for V {}

/// The result of a key closure.
#[diagnostic::on_unimplemented(
    message = "this is not a key of `{T}`",
    label = "not a key",
    note = "return a field, `|r| r.name`, or a tuple of fields, `|r| (r.name, r.day)`"
)]
pub trait Key<T> {
    /// The record of the key's values.
    type Value: Record;
    /// `true` if the key is computed, and not made of fields.
    #[doc(hidden)]
    const IS_COMPUTED: bool = false;
    /// Returns the key's leaves, in order. Those of a computed key follow the record's.
    fn leaves(&self) -> Vec<usize>;
    /// Returns the operator that computes the key from rows of `T` followed by `B`. `None` if the
    /// key consists of fields.
    #[doc(hidden)]
    fn computation<B: Record>(&self) -> Option<Keyed> {
        None
    }
}

/// Keys and orders that consist of fields, and can therefore be parts of a tuple.
#[diagnostic::on_unimplemented(
    message = "what is computed cannot stand here: this takes fields, alone or in tuples",
    label = "not made of fields",
    note = "a key of groups or joins is computed as a whole, `r.computed(|r, key| key.emit((r.name, r.day.month())))`; anything else is computed in a `map` before"
)]
pub trait OfFields {}
impl OfFields for () {}
impl<T, V> OfFields for Field<T, V> {}
impl<F> OfFields for Asc<F> {}
impl<F> OfFields for Desc<F> {}

impl<T, V: Equality> Key<T> for Field<T, V> {
    type Value = V;
    fn leaves(&self) -> Vec<usize> {
        listed(Field::leaves(*self))
    }
}

impl<T> Key<T> for () {
    type Value = ();
    fn leaves(&self) -> Vec<usize> {
        Vec::new()
    }
}

/// The result of a projection closure: fields of any type.
#[diagnostic::on_unimplemented(
    message = "this is not a field of `{T}`, nor a tuple of fields",
    label = "not a field",
    note = "return fields, `|r| (r.name, r.day)`; compute with `map`"
)]
pub trait Projection<T> {
    /// The record of the selected fields.
    type Value: Record;
    /// Returns the selected leaves, in order.
    fn leaves(&self) -> Vec<usize>;
    /// Returns the operator that computes the values from rows of `T` followed by `B`. `None` if
    /// they are fields.
    #[doc(hidden)]
    fn computation<B: Record>(&self) -> Option<Keyed> {
        None
    }
}

impl<T, V: Record> Projection<T> for Field<T, V> {
    type Value = V;
    fn leaves(&self) -> Vec<usize> {
        listed(Field::leaves(*self))
    }
}

/// The result of an event time closure for records of `T`.
#[diagnostic::on_unimplemented(
    message = "this is not the event time of a `{T}`",
    label = "not a `Timestamp`",
    note = "return a field of type `Timestamp`, `|r| r.time`, or compute one, `|r| Timestamp::from_micros(r.second * 1_000_000)`"
)]
pub trait EventTimeOf<T> {
    /// Returns the leaf of the event time.
    #[doc(hidden)]
    fn leaf(&self) -> usize;
    /// Returns the operator that computes the event time. `None` if it is a field.
    #[doc(hidden)]
    fn computation(&self) -> Option<Keyed> {
        None
    }
}

impl<T> EventTimeOf<T> for Field<T, Timestamp> {
    fn leaf(&self) -> usize {
        self.first_leaf
    }
}

/// Right keys that can be compared with left keys of value `V`.
///
/// Implemented for each form of key. A blanket impl over `Key<T, Value = V>` would report a type
/// mismatch instead of the message below.
#[diagnostic::on_unimplemented(
    message = "the keys of the two sides have different types: the other key is `{V}`",
    label = "this key has another type",
    note = "compare fields of one type, or convert one side in a `map` before; keys of joins may also be computed, `|r| u64::from(r.id)`"
)]
pub trait KeyedBy<T, V> {
    /// Returns the key's leaves, in order.
    fn leaves(&self) -> Vec<usize>;
    /// Returns the operator that computes the key from rows of `T` followed by `B`. `None` if the
    /// key consists of fields.
    #[doc(hidden)]
    fn computation<B: Record>(&self) -> Option<Keyed> {
        None
    }
}

impl<T, V: Record + SameKey<W>, W: Record> KeyedBy<T, W> for Field<T, V> {
    fn leaves(&self) -> Vec<usize> {
        listed(Field::leaves(*self))
    }
}

// These functions are not generic, so that they are compiled once and not for each key.

#[inline(never)]
fn listed(leaves: Range<usize>) -> Vec<usize> {
    leaves.collect()
}

#[inline(never)]
fn concatenated(parts: &[Vec<usize>]) -> Vec<usize> {
    parts.concat()
}

#[inline(never)]
fn concatenated_keys(parts: &[Vec<OrderKey>]) -> Vec<OrderKey> {
    parts.concat()
}

macro_rules! tuple {
    ($($name:ident $value:ident $index:tt),*) => {
        impl<$($name: Equality),*> Equality for ($($name,)*) {}
        impl<$($name: Symbols),*> Symbols for ($($name,)*) {
            type Root = A::Root;
        }
        impl<$($name: OfFields),*> OfFields for ($($name,)*) {}
        impl<T, $($name: Key<T> + OfFields),*> Key<T> for ($($name,)*) {
            type Value = ($($name::Value,)*);
            fn leaves(&self) -> Vec<usize> {
                concatenated(&[$(self.$index.leaves()),*])
            }
        }
        impl<T, $($name: Projection<T> + OfFields),*> Projection<T> for ($($name,)*) {
            type Value = ($($name::Value,)*);
            fn leaves(&self) -> Vec<usize> {
                concatenated(&[$(self.$index.leaves()),*])
            }
        }
        impl<T, $($name: KeyedBy<T, $value> + OfFields, $value),*> KeyedBy<T, ($($value,)*)> for ($($name,)*) {
            fn leaves(&self) -> Vec<usize> {
                concatenated(&[$(self.$index.leaves()),*])
            }
        }
        impl<T, $($name: Order<T> + OfFields),*> Order<T> for ($($name,)*) {
            fn keys(&self) -> Vec<OrderKey> {
                concatenated_keys(&[$(self.$index.keys()),*])
            }
        }
    };
}
for_tuples!(tuple);
