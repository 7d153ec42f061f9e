//! The `date!` macro.

/// Makes a [`Date`](crate::Date) of a literal: `date!("1995-03-15")`. A date that does not exist is
/// a compile error.
///
/// ```
/// use dataflow::prelude::*;
///
/// assert_eq!(date!("1995-03-15").to_string(), "1995-03-15");
/// ```
///
/// ```compile_fail
/// let never = dataflow::date!("1995-02-30");
/// ```
#[macro_export]
macro_rules! date {
    ($day:literal) => {
        const {
            match $crate::Date::from_iso($day) {
                ::core::option::Option::Some(date) => date,
                ::core::option::Option::None => ::core::panic!("this is no day, written as YYYY-MM-DD"),
            }
        }
    };
}
