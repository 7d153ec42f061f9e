//! [`TimeUnit`]: units of the clock and the calendar.

use super::calendar::{days_of, parts_of};

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A unit for [`Timestamp::truncate`](super::Timestamp::truncate) and
/// [`Date::truncate`](super::Date::truncate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TimeUnit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    /// Begins on Monday, as in ISO 8601.
    Week,
    Month,
    /// Begins in January, April, July or October.
    Quarter,
    Year,
}

impl TimeUnit {
    /// Microseconds of a unit that is shorter than a day, else `None`.
    pub(super) const fn micros(self) -> Option<i64> {
        match self {
            TimeUnit::Millisecond => Some(1000),
            TimeUnit::Second => Some(SECOND),
            TimeUnit::Minute => Some(MINUTE),
            TimeUnit::Hour => Some(HOUR),
            _ => None,
        }
    }

    /// The first day of the unit that contains a day, both as days since 1970-01-01. For units up
    /// to a day, the day itself.
    pub(super) const fn first_day(self, days: i64) -> i64 {
        let (year, month, _) = parts_of(days);
        match self {
            TimeUnit::Week => days - (weekday(days) as i64 - 1),
            TimeUnit::Month => days_of(year, month, 1),
            TimeUnit::Quarter => days_of(year, (month - 1) / 3 * 3 + 1, 1),
            TimeUnit::Year => days_of(year, 1, 1),
            _ => days,
        }
    }
}

/// The day of the week by ISO 8601: 1 is Monday, 7 is Sunday.
pub(super) const fn weekday(days: i64) -> u32 {
    // 1970-01-01 was a Thursday.
    (days + 3).rem_euclid(7) as u32 + 1
}
