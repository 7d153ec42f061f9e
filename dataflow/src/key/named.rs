//! Closures that read the field that another closure names.

use std::ops::Range;

use super::{OfFields, Projection};
use crate::record::Record;

/// The name of a field of `T`, and with it the record that a closure beside it reads.
///
/// The record is the same for every name. It is written by way of the name, so that behind a name of no field the compiler knows of no record either,
/// and has nothing to say of the closure that reads the same field.
pub trait Named<T: Record> {
    /// What a closure sees of the record.
    type Record<'a>;
}

#[diagnostic::do_not_recommend]
impl<P, T: Record> Named<T> for P {
    type Record<'a> = T::At<'a>;
}

/// The leaves of one field.
pub(crate) fn leaves_of<T, P: Projection<T> + OfFields>(field: &P) -> Range<usize> {
    let first = field.leaves().first().copied().unwrap_or_default();
    first..first + P::Value::LEAVES
}
