//! Orders: `|r| (desc(r.revenue), asc(r.day))`.

use std::ops::Range;

use runtime::operators::Keyed;
use runtime::row::{LeafType, Schema};
use runtime::sort::OrderKey;

use crate::record::Record;

use super::Field;

/// Symbols that name a field.
#[diagnostic::on_unimplemented(
    message = "a closure outside of `#[dataflow]` names fields, and cannot compute with them",
    label = "computed of a field",
    note = "in a function with `#[dataflow]` it may stand as it is; without the macro: `.sort(|r| r.computed(|record, key| key.emit(record.qty % 3)).order(|k| desc(k)))`, and the same without `.order(..)` for a key"
)]
pub trait NamesField {}
impl<T, V> NamesField for Field<T, V> {}

/// Descending order of a field.
#[derive(Clone, Copy)]
pub struct Desc<F>(F);

/// Ascending order of a field.
#[derive(Clone, Copy)]
pub struct Asc<F>(F);

/// Orders by a field, descending, nulls last.
pub fn desc<F: NamesField>(field: F) -> Desc<F> {
    Desc(field)
}

/// Orders by a field, ascending, nulls last.
pub fn asc<F: NamesField>(field: F) -> Asc<F> {
    Asc(field)
}

/// The result of an order closure.
#[diagnostic::on_unimplemented(
    message = "this is not an order of `{T}`",
    label = "not an order",
    note = "return `asc(r.field)`, `desc(r.field)`, or a tuple of these"
)]
pub trait Order<T> {
    /// Returns the leaves of the order, most significant first.
    fn keys(&self) -> Vec<OrderKey>;
    /// Returns the operator that computes the values from rows of `T` followed by `B`. `None` if
    /// they are fields.
    #[doc(hidden)]
    fn computation<B: Record>(&self) -> Option<Keyed> {
        None
    }
}

fn keys<T, V: Record>(field: Field<T, V>, descending: bool) -> Vec<OrderKey> {
    keys_of(field.leaves(), descending)
}

/// Not generic, so that it is compiled once and not for each field.
#[inline(never)]
pub(super) fn keys_of(leaves: Range<usize>, descending: bool) -> Vec<OrderKey> {
    leaves.map(|leaf| OrderKey { leaf, descending }).collect()
}

impl<T, V: Record> Order<T> for Desc<Field<T, V>> {
    fn keys(&self) -> Vec<OrderKey> {
        keys(self.0, true)
    }
}

impl<T, V: Record> Order<T> for Asc<Field<T, V>> {
    fn keys(&self) -> Vec<OrderKey> {
        keys(self.0, false)
    }
}

impl<T, V: Record> Order<T> for Field<T, V> {
    fn keys(&self) -> Vec<OrderKey> {
        keys(*self, false)
    }
}

/// Puts nulls last in either direction: validity bytes are sorted in descending order, valid (1)
/// before null (0).
pub(crate) fn nulls_last(mut keys: Vec<OrderKey>, schema: &Schema) -> Vec<OrderKey> {
    for key in &mut keys {
        key.descending |= schema.leaves().get(key.leaf).is_some_and(|leaf| leaf.ty == LeafType::Valid);
    }
    keys
}
