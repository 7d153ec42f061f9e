//! Checks emitted values against the expected record type.

use crate::record::{Record, Value};

/// A value that can be emitted as a record of `U`. `R` is the record type of the value.
///
/// The implementation requires that `R` is `U`, so that the compiler shows this message if they
/// differ. `R` is a parameter, so that a value that is not a record causes only the error about
/// that.
#[diagnostic::on_unimplemented(
    message = "expected `{U}`, found `{Self}`",
    label = "of another type than the records are here",
    note = "a number whose type nothing says is an `i32`, or an `f64`: say it, as in `1u64`; one of another type is converted, `u64::from(n)` or `n as u64`",
    note = "texts and lists may be borrowed: a `&str` is what a `String` is seen as, and a `&[u64]` a `Vec<u64>`"
)]
pub trait EmittedAs<U: Record, R> {
    /// Returns the value as the record's twin.
    fn twin_of(&self) -> U::At<'_>;
}

#[diagnostic::do_not_recommend]
impl<V: Value<Record = U>, U: Record, R> EmittedAs<U, R> for V {
    #[inline(always)]
    fn twin_of(&self) -> U::At<'_> {
        self.twin()
    }
}

/// Like [`EmittedAs`], for a value that is emitted whole: `R` is its record type, and `U` the
/// expected one. The trait has no bounds, so that a type that is not a record causes only the error
/// about that.
#[diagnostic::on_unimplemented(
    message = "expected `{U}`, found `{Self}`",
    label = "of another type than the records are here",
    note = "a number whose type nothing says is an `i32`, or an `f64`: say it, as in `1u64`; one of another type is converted, `u64::from(n)` or `n as u64`",
    note = "texts and lists may be borrowed: a `&str` is what a `String` is seen as, and a `&[u64]` a `Vec<u64>`"
)]
pub trait WholeEmittedAs<U, R> {
    /// Returns the value as the record's twin.
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

/// A tuple whose parts can be emitted as the parts of `U`. Each part is checked alone, so that an
/// error points to that part.
pub trait PartsEmittedAs<U: Record> {
    /// Returns the parts as the twin of a tuple.
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
