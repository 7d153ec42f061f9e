//! Numbers that leave their range inside of a closure.

use std::fmt;

/// What a closure's arithmetic unwinds with; the engine turns it into the job's error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("overflow: {what}")]
pub struct Overflow {
    /// The operation, with its operands: `9000000000000000.00 * 200`.
    pub what: String,
}

/// Unwinds with an [`Overflow`] of the caller's place. The only place of this crate that does so on purpose.
#[cold]
#[allow(clippy::panic, reason = "a closure has no other way out, and the engine catches it")]
#[inline(never)]
#[track_caller]
pub fn overflow(what: fmt::Arguments<'_>) -> ! {
    std::panic::panic_any(Overflow { what: what.to_string() })
}

/// The value of an operation that has one; else unwinds with the [`Overflow`] that the other arguments are the text of, as of `format!`.
macro_rules! or_overflow {
    ($value:expr, $($what:tt)+) => {
        match $value {
            Some(value) => value,
            None => $crate::value::overflow(format_args!($($what)+)),
        }
    };
}
pub(in crate::value) use or_overflow;
