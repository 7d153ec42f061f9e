//! Values that a closure emits, checked against the records that are expected of it.

use crate::record::{Record, Value};

/// A value that is seen as a record of `U`. `R` is the record that the value is seen as. The implementation requires that both are one type, so that
/// the compiler uses this message if they are two. `R` is a parameter, so that a value that is no record at all has only that message.
#[diagnostic::on_unimplemented(
    message = "expected `{U}`, found `{Self}`",
    label = "of another type than the records are here",
    note = "a number whose type nothing says is an `i32`, or an `f64`: say it, as in `1u64`; one of another type is converted, `u64::from(n)` or `n as u64`",
    note = "texts and lists may be borrowed: a `&str` is what a `String` is seen as, and a `&[u64]` a `Vec<u64>`"
)]
pub trait EmittedAs<U: Record, R> {
    /// The value as the record's twin.
    fn twin_of(&self) -> U::At<'_>;
}

#[diagnostic::do_not_recommend]
impl<V: Value<Record = U>, U: Record, R> EmittedAs<U, R> for V {
    #[inline(always)]
    fn twin_of(&self) -> U::At<'_> {
        self.twin()
    }
}

/// As [`EmittedAs`], for a value that is emitted as a whole: it is seen as a record of `R`, and `U` is expected. The trait itself requires nothing of the
/// types, so that a type that is no record has only the message about that.
#[diagnostic::on_unimplemented(
    message = "expected `{U}`, found `{Self}`",
    label = "of another type than the records are here",
    note = "a number whose type nothing says is an `i32`, or an `f64`: say it, as in `1u64`; one of another type is converted, `u64::from(n)` or `n as u64`",
    note = "texts and lists may be borrowed: a `&str` is what a `String` is seen as, and a `&[u64]` a `Vec<u64>`"
)]
pub trait WholeEmittedAs<U, R> {
    /// The value as the record's twin.
    fn whole_twin_of(&self) -> U::At<'_>
    where
        Self: Value<Record = R>,
        U: Record;
}

#[diagnostic::do_not_recommend]
impl<V: ?Sized, U> WholeEmittedAs<U, U> for V {
    #[inline(always)]
    fn whole_twin_of(&self) -> U::At<'_>
    where
        Self: Value<Record = U>,
        U: Record,
    {
        self.twin()
    }
}

/// A tuple whose parts are seen as the parts of `U`. Each part is checked for itself, so that a message about a part points to that part alone.
pub trait PartsEmittedAs<U: Record> {
    /// The parts as the twin of the record that is the tuple of theirs.
    fn twin_of(&self) -> U::At<'_>;
}

macro_rules! parts {
    ($($value:ident $record:ident $index:tt),*) => {
        impl<$($value: Value + EmittedAs<$record, $value::Record>, $record: Record),*> PartsEmittedAs<($($record,)*)> for ($($value,)*) {
            #[inline(always)]
            fn twin_of(&self) -> ($($record::At<'_>,)*) {
                ($(self.$index.twin_of(),)*)
            }
        }
    };
}
for_tuples!(parts);
