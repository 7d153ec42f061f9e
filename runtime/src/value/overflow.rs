//! Overflow of arithmetic in a closure.

use std::fmt;

/// Panic payload of arithmetic in a closure. The engine turns it into the job's error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("overflow: {what}")]
pub struct Overflow {
    /// The operation, with its operands: `9000000000000000.00 * 200`.
    pub what: String,
}

/// Panics with an [`Overflow`] at the caller's place. No other function of this crate panics on
/// purpose.
#[cold]
#[allow(clippy::panic, reason = "a closure has no other way out, and the engine catches it")]
#[inline(never)]
#[track_caller]
pub fn overflow(what: fmt::Arguments<'_>) -> ! {
    std::panic::panic_any(Overflow { what: what.to_string() })
}

/// Unwraps `$value`, or panics with an [`Overflow`] whose text has the form of `format!` arguments.
macro_rules! or_overflow {
    ($value:expr, $($what:tt)+) => {
        match $value {
            Some(value) => value,
            None => $crate::value::overflow(format_args!($($what)+)),
        }
    };
}
pub(in crate::value) use or_overflow;
