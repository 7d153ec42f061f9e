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

/// A field, largest first.
#[derive(Clone, Copy)]
pub struct Desc<F>(F);

/// A field, smallest first.
#[derive(Clone, Copy)]
pub struct Asc<F>(F);

/// Orders by a field, largest first; nulls last.
pub fn desc<F: NamesField>(field: F) -> Desc<F> {
    Desc(field)
}

/// Orders by a field, smallest first; nulls last.
pub fn asc<F: NamesField>(field: F) -> Asc<F> {
    Asc(field)
}

/// The value of an order closure.
#[diagnostic::on_unimplemented(
    message = "this is not an order of `{T}`",
    label = "not an order",
    note = "return `asc(r.field)`, `desc(r.field)`, or a tuple of these"
)]
pub trait Order<T> {
    /// The order's leaves, the most significant first.
    fn keys(&self) -> Vec<OrderKey>;
    /// The operator that computes the values, where they are more than fields, for records behind which a `B` stands already.
    #[doc(hidden)]
    fn computation<B: Record>(&self) -> Option<Keyed> {
        None
    }
}

fn keys<T, V: Record>(field: Field<T, V>, descending: bool) -> Vec<OrderKey> {
    keys_of(field.leaves(), descending)
}

/// Compiled once, and not for each field.
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

/// Puts nulls last whichever way a field is ordered: what is valid (1) comes before what is not (0).
pub(crate) fn nulls_last(mut keys: Vec<OrderKey>, schema: &Schema) -> Vec<OrderKey> {
    for key in &mut keys {
        key.descending |= schema.leaves().get(key.leaf).is_some_and(|leaf| leaf.ty == LeafType::Valid);
    }
    keys
}
