//! Error messages for methods of values that are called on a field.
//!
//! A field dereferences to [`MissingWords`], so the compiler looks here last. The methods have a
//! bound that never holds. They return any type, so that the compiler reports nothing about the
//! surrounding code.

use std::marker::PhantomData;
use std::ops::Deref;

use super::Field;

/// The methods that a field of `T` with values of type `V` does not have.
#[doc(hidden)]
pub struct MissingWords<T, V>(PhantomData<(T, V)>);

#[doc(hidden)]
impl<T, V> Deref for Field<T, V> {
    type Target = MissingWords<T, V>;

    fn deref(&self) -> &MissingWords<T, V> {
        &MissingWords(PhantomData)
    }
}

/// Implemented for no type.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a closure outside of `#[dataflow]` names fields, and has no values to call methods of",
    label = "a method of a value",
    note = "in a function with `#[dataflow]` it may stand as it is; without the macro: `.group_by(|r| r.computed(|record, key| key.emit(record.name.len())))`, and for an order `.sort(|r| r.computed(..).order(|k| desc(k)))`; what is measured is computed in a `map` before"
)]
pub trait HasValues {
    /// Returns a value of any type.
    fn any_value<B>() -> B;
}

macro_rules! words {
    ($($word:ident($($argument:ident),*))*) => {
        impl<T, V> MissingWords<T, V> {
            $(
                #[allow(missing_docs)]
                #[allow(clippy::wrong_self_convention, clippy::should_implement_trait, reason = "words of values")]
                #[must_use]
                pub fn $word<$($argument,)* B>(&self, $(_: $argument),*) -> B
                where
                    Self: HasValues,
                {
                    <Self as HasValues>::any_value()
                }
            )*
        }
    };
}
words! {
    len() is_empty() trim() to_lowercase() to_uppercase() to_ascii_lowercase() to_ascii_uppercase() chars() words() bytes() as_bytes() as_str()
    to_string() to_owned() parse() contains(A) starts_with(A) ends_with(A) split(A) split_once(A) replace(A, C) get(A) iter() first() last()
    abs() signum() pow(A) powi(A) powf(A) sqrt() ln() exp() floor() ceil() round() trunc() rem_euclid(A) div_euclid(A) clamp(A, C) min(A) max(A)
    checked_add(A) checked_sub(A) checked_mul(A) saturating_add(A) saturating_sub(A) wrapping_add(A) wrapping_sub(A) abs_diff(A) to_bits()
    total_cmp(A) cmp(A) partial_cmp(A) eq(A) ne(A)
    is_some() is_none() is_some_and(A) unwrap() unwrap_or(A) unwrap_or_default() expect(A) map(A) and_then(A) or(A) filter(A)
    year() month() day() hour() minute() second() weekday() date() midnight() truncate(A) days() hours() minutes() seconds() as_seconds()
    micros() micros_of_day() micros_of_second() add_days(A) add_months(A) add_years(A)
}
