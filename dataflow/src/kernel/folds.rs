//! How the engine folds a field by itself, leaf by leaf; and slots of least and greatest fields, of which it does so for texts.

use std::marker::PhantomData;
use std::ops::Range;

use runtime::group::{StateReader, StateRow};
use runtime::operators::{Fold, StateLeaf};
use runtime::page::Claims;
use runtime::value::Overflow;

use crate::record::Record;

use super::{Extreme, Greatest, Least, Slots};

/// The folds of a field's leaves: of its value, and of its validity before, where it may be missing.
fn of_leaves(leaves: Range<usize>, plain: fn(usize) -> Fold, optional: [fn(usize) -> Fold; 2]) -> Vec<Fold> {
    match leaves.len() {
        1 => vec![plain(leaves.start)],
        _ => vec![optional[0](leaves.start), optional[1](leaves.start + 1)],
    }
}

/// The sum of a number, or of a number that may be missing: missing ones are stored as zeros.
pub(crate) fn sum(leaves: Range<usize>) -> Vec<Fold> {
    of_leaves(leaves, Fold::Sum, [Fold::Max, Fold::Sum])
}

/// The least of a field.
pub(crate) fn least(leaves: Range<usize>) -> Vec<Fold> {
    of_leaves(leaves, Fold::Min, [Fold::Valid, Fold::MinSome])
}

/// The greatest of a field.
pub(crate) fn greatest(leaves: Range<usize>) -> Vec<Fold> {
    of_leaves(leaves, Fold::Max, [Fold::Valid, Fold::MaxSome])
}

/// Fields with a least and a greatest: plain values, texts, and either where it may be missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no least and greatest that an aggregate could keep",
    label = "neither a plain value nor a text",
    note = "`min` and `max` are over numbers, dates, timestamps, bools, chars and texts, and over `Option`s of these, of which `None` is passed over"
)]
pub trait Comparable: Record {
    /// The slot of the least, by a closure where a value has a fixed size.
    type Least<F>;
    /// The slot of the greatest.
    type Greatest<F>;
    /// The slot of the least of the field at these leaves.
    fn least<F>(leaves: Range<usize>, closure: F) -> Self::Least<F>;
    /// The slot of the greatest.
    fn greatest<F>(leaves: Range<usize>, closure: F) -> Self::Greatest<F>;
    /// Whether there is a value.
    fn is_there(at: Self::At<'_>) -> bool;
}

macro_rules! by_closure {
    ($([$($bound:tt)*] $ty:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($bound)*> Comparable for $ty {
            type Least<F> = Least<$ty, F>;
            type Greatest<F> = Greatest<$ty, F>;
            fn least<F>(_: Range<usize>, closure: F) -> Self::Least<F> {
                Least(closure, PhantomData)
            }
            fn greatest<F>(_: Range<usize>, closure: F) -> Self::Greatest<F> {
                Greatest(closure, PhantomData)
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
            type Least<F> = ExtremeField<$ty, F>;
            type Greatest<F> = ExtremeField<$ty, F>;
            fn least<F>(leaves: Range<usize>, closure: F) -> Self::Least<F> {
                ExtremeField { folds: least(leaves), closure, greatest: false, of: PhantomData }
            }
            fn greatest<F>(leaves: Range<usize>, closure: F) -> Self::Greatest<F> {
                ExtremeField { folds: greatest(leaves), closure, greatest: true, of: PhantomData }
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

/// The least or greatest of a field, which the engine keeps in a table's row; of records that are together, the closure reads it.
pub struct ExtremeField<V, F> {
    folds: Vec<Fold>,
    pub(super) closure: F,
    pub(super) greatest: bool,
    of: PhantomData<fn() -> V>,
}

impl<V, F: Clone> Clone for ExtremeField<V, F> {
    fn clone(&self) -> Self {
        ExtremeField { folds: self.folds.clone(), closure: self.closure.clone(), ..*self }
    }
}

super::fields::filled!([V: Record, F: Clone + Send + 'static] ExtremeField<V, F>, V, V::At<'a>, V::LEAVES,
    leaves(slot) slot.folds.iter().zip(V::schema().types()).map(|(fold, ty)| StateLeaf { ty, fold: fold.clone() }));
