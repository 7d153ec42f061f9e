//! Value types for records: dates, timestamps, lengths of time, decimals, and lists of texts as
//! they are stored in rows.
//!
//! All but lists are plain integers in rows and columns. This module has their arithmetic, and
//! their text forms in CSV files. Arithmetic in a closure cannot return an error, so it panics with
//! [`Overflow`] if a result is out of range.

mod calendar;
mod date;
mod decimal;
pub mod json;
mod overflow;
mod parse;
mod ratio;
mod texts;
mod time_delta;
mod time_format;
#[cfg(test)]
mod time_tests;
mod time_unit;
mod timestamp;
mod written;
mod zone;

pub use date::DATE_FORM;
pub use date::{Date, parse_date};
pub use decimal::decimal_form;
pub use decimal::{Decimal, Times, decimal_text, parse_decimal, write_decimal};
pub use overflow::{Overflow, overflow};
pub use parse::ParseValueError;
pub use ratio::nearest_ratio;
pub use texts::Texts;
pub use time_delta::TIME_DELTA_FORM;
pub use time_delta::{TimeDelta, parse_time_delta};
pub use time_format::TimeFormat;
pub use time_unit::TimeUnit;
pub use timestamp::TIMESTAMP_FORM;
pub use timestamp::{Timestamp, parse_timestamp};
pub use written::Written;
pub use zone::{LocalTime, Zone};
