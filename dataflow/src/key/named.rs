//! Closures that read a field which another closure names.

use std::ops::Range;

use super::{OfFields, Projection};
use crate::record::Record;

/// The name of a field of `T`. Gives the record type to the closure that reads this field.
///
/// The record type is the same for every name. It is an associated type of the name, so that an
/// invalid name causes one error only: the compiler then has no record type, and does not check the
/// closure that reads the field.
pub trait Named<T: Record> {
    /// The twin of the record.
    type Record<'a>;
}

#[diagnostic::do_not_recommend]
impl<P, T: Record> Named<T> for P {
    type Record<'a> = T::At<'a>;
}

/// Returns the leaves of a single field.
pub(crate) fn leaves_of<T, P: Projection<T> + OfFields>(field: &P) -> Range<usize> {
    let first = field.leaves().first().copied().unwrap_or_default();
    first..first + P::Value::LEAVES
}
