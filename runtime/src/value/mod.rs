//! Values that records may hold beside Rust's own: dates, timestamps, decimals, and lists of texts as they are in rows.
//!
//! All but lists are plain integers in rows and columns; this module gives them arithmetic, and the texts that CSV files hold.
//! Arithmetic that leaves the integer's range cannot return an error from within a closure: it unwinds with
//! [`Overflow`].

mod calendar;
mod date;
mod decimal;
mod overflow;
mod parse;
mod texts;
mod timestamp;
mod written;

pub(crate) use date::DATE_FORM;
pub use date::{Date, parse_date};
pub(crate) use decimal::decimal_form;
pub use decimal::{Decimal, Times, decimal_text, parse_decimal, write_decimal};
pub use overflow::{Overflow, overflow};
pub use parse::ParseValueError;
pub use texts::Texts;
pub(crate) use timestamp::TIMESTAMP_FORM;
pub use timestamp::{Timestamp, parse_timestamp};
pub use written::Written;
