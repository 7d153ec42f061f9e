//! [`Timestamp`]: instants.
//!
//! The usual text form is parsed here, in 33 ns. `jiff` takes 62 ns for it, and parses all other
//! forms.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;

use super::date::{Date, parse_date, write_date};
use super::overflow::or_overflow;
use super::parse::{ParseValueError, digits};
use super::time_delta::TimeDelta;
use super::time_unit::{DAY, HOUR, MINUTE, SECOND, TimeUnit, weekday};
use super::written::Written;

/// Expected form of timestamps, for messages.
pub const TIMESTAMP_FORM: &str = "a time like 2024-02-29T12:30:00.5Z or 2024-02-29 12:30+02:00";

/// An instant, in microseconds since 1970-01-01T00:00:00 UTC, without leap seconds.
///
/// Its text is in ISO 8601, in UTC. Texts with other offsets can be parsed, too. Texts without an
/// offset are UTC. Digits of a second after the sixth are cut off, as in DuckDB and Polars.
///
/// ```
/// use runtime::value::Timestamp;
/// use std::time::Duration;
///
/// let start: Timestamp = "2024-02-29 12:30:00".parse()?;
/// assert_eq!((start + Duration::from_millis(1500)).to_string(), "2024-02-29T12:30:01.5Z");
/// assert_eq!("2024-02-29T14:30+02:00".parse::<Timestamp>()?, start);
/// # Ok::<(), runtime::value::ParseValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `micros` microseconds after 1970-01-01T00:00:00 UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00 UTC.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The day that contains the instant, in UTC.
    #[must_use]
    pub const fn date(self) -> Date {
        // 2^63 microseconds are some hundred million days.
        Date::from_days(self.0.div_euclid(DAY) as i32)
    }

    /// Microseconds since the day began.
    #[must_use]
    pub const fn micros_of_day(self) -> i64 {
        self.0.rem_euclid(DAY)
    }

    /// The hour of the day in UTC, from 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u32 {
        (self.micros_of_day() / HOUR) as u32
    }

    /// The minute of the hour in UTC, from 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u32 {
        (self.micros_of_day() / MINUTE % 60) as u32
    }

    /// The second of the minute, from 0 to 59.
    #[must_use]
    pub const fn second(self) -> u32 {
        (self.micros_of_day() / SECOND % 60) as u32
    }

    /// Microseconds since the second began.
    #[must_use]
    pub const fn micros_of_second(self) -> u32 {
        (self.micros_of_day() % SECOND) as u32
    }

    /// The day of the week in UTC by ISO 8601: 1 is Monday, 7 is Sunday.
    #[must_use]
    pub const fn weekday(self) -> u32 {
        weekday(self.0.div_euclid(DAY))
    }

    /// The begin of the `unit` that contains the instant, in UTC. See [`Timestamp::in_zone`] for
    /// other zones. Panics with [`Overflow`](super::Overflow) if the begin is before the first
    /// instant.
    ///
    /// ```
    /// use runtime::value::{TimeUnit, Timestamp};
    ///
    /// let time: Timestamp = "2024-02-29T12:34:56Z".parse()?;
    /// assert_eq!(time.truncate(TimeUnit::Hour).to_string(), "2024-02-29T12:00:00Z");
    /// assert_eq!(time.truncate(TimeUnit::Quarter).to_string(), "2024-01-01T00:00:00Z");
    /// # Ok::<(), runtime::value::ParseValueError>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn truncate(self, unit: TimeUnit) -> Self {
        let begin = match unit.micros() {
            Some(micros) => self.0.div_euclid(micros).checked_mul(micros),
            None => unit.first_day(self.0.div_euclid(DAY)).checked_mul(DAY),
        };
        Timestamp(or_overflow!(begin, "the {unit:?} of {self}"))
    }

    /// The same time of day `months` months later. On the last day of the month if it has no such
    /// day, as in SQL. Panics with [`Overflow`](super::Overflow) if the result is out of range.
    #[must_use]
    #[track_caller]
    pub fn add_months(self, months: i32) -> Self {
        let day = i128::from(self.date().add_months(months).days()) * i128::from(DAY);
        Timestamp(or_overflow!(i64::try_from(day + i128::from(self.micros_of_day())).ok(), "{self} + {months} months"))
    }

    /// The same time of the year `years` years later. On February 28 for February 29 in a year
    /// without a leap day. Panics with [`Overflow`](super::Overflow) if the result is out of range.
    #[must_use]
    #[track_caller]
    pub fn add_years(self, years: i32) -> Self {
        self.add_months(or_overflow!(years.checked_mul(12), "{self} + {years} years"))
    }

    /// The instant `micros` microseconds later. `None` if it is out of range.
    #[must_use]
    pub const fn checked_add_micros(self, micros: i64) -> Option<Self> {
        match self.0.checked_add(micros) {
            Some(micros) => Some(Timestamp(micros)),
            None => None,
        }
    }

    /// The instant as text, without an allocation: `2024-02-29T12:30:00.5Z`.
    #[must_use]
    pub fn text(self) -> Written {
        let mut text = Written::new();
        text.byte(b'Z');
        let of_day = self.micros_of_day() as u64;
        let (seconds, fraction) = (of_day / SECOND as u64, of_day % SECOND as u64);
        text.fraction(fraction);
        text.number(seconds % 60, 2);
        text.byte(b':');
        text.number(seconds / 60 % 60, 2);
        text.byte(b':');
        text.number(seconds / 3600, 2);
        text.byte(b'T');
        write_date(self.0.div_euclid(DAY), &mut text);
        text
    }
}

/// Parses `2024-02-29T12:30:00.5Z` to microseconds since 1970-01-01T00:00:00 UTC. `T` may be a
/// space. `Z`, the fraction, the seconds, or the whole time of day may be missing. `Z` may be
/// replaced by an offset. Digits of a second after the sixth are cut off.
#[must_use]
pub fn parse_timestamp(text: &[u8]) -> Option<i64> {
    let Some(mark) = text.iter().position(|byte| matches!(byte, b'T' | b' ')) else {
        return i64::from(parse_date(text)?).checked_mul(DAY);
    };
    let days = parse_date(&text[..mark])?;
    let time = &text[mark + 1..];
    let Some(of_day) = parse_clock(time.strip_suffix(b"Z").unwrap_or(time)) else {
        return parse_with_library(text, time);
    };
    // In 128 bits: a day before the first instant may contain later instants that are in range.
    i64::try_from(i128::from(days) * i128::from(DAY) + i128::from(of_day)).ok()
}

/// Parses `12:30:00.5` to microseconds.
fn parse_clock(time: &[u8]) -> Option<i64> {
    let ([h1, h2, b':', m1, m2, b':', s1, s2], fraction) = time.split_first_chunk::<8>()? else {
        return None;
    };
    let clock = digits(&[*h1, *h2, *m1, *m2, *s1, *s2])?;
    let (hours, minutes, seconds) = (clock / 10_000, clock / 100 % 100, clock % 100);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let micros = match fraction {
        [] => 0,
        [b'.', fraction @ ..] => {
            let kept = fraction.len().min(6);
            // At most nine digits, and all of them are digits.
            digits(fraction)? / 10_u32.pow((fraction.len() - kept) as u32) * 10_u32.pow(6 - kept as u32)
        }
        _ => return None,
    };
    Some(i64::from(hours * 3600 + minutes * 60 + seconds) * SECOND + i64::from(micros))
}

/// Parses other forms of ISO 8601, such as with an offset or without seconds. The day was parsed
/// before.
#[cold]
fn parse_with_library(text: &[u8], time: &[u8]) -> Option<i64> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    // The library accepts forms that elsewhere would be mistakes: `1230`, the name of a zone, which
    // it ignores, and a leap second, which it reads as the second before.
    let &[h1, h2, b':', m1, m2, ref rest @ ..] = time else { return None };
    if digits(&[h1, h2, m1, m2]).is_none() || rest.starts_with(b":60") || time.contains(&b'[') {
        return None;
    }
    let has_offset = rest.iter().any(|byte| matches!(byte, b'Z' | b'+' | b'-'));
    let time = if has_offset {
        PARSER.parse_timestamp(text).ok()?
    } else {
        Offset::UTC.to_timestamp(PARSER.parse_datetime(text).ok()?).ok()?
    };
    Some(instant(time).micros())
}

impl FromStr for Timestamp {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Result<Self, ParseValueError> {
        parse_timestamp(text.as_bytes()).map(Timestamp).ok_or_else(|| ParseValueError::new(TIMESTAMP_FORM, text))
    }
}

fn micros_of(duration: Duration) -> Option<i64> {
    i64::try_from(duration.as_micros()).ok()
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    #[track_caller]
    fn add(self, duration: Duration) -> Self {
        Timestamp(or_overflow!(
            micros_of(duration).and_then(|micros| self.0.checked_add(micros)),
            "{self} + {duration:?}"
        ))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    #[track_caller]
    fn sub(self, duration: Duration) -> Self {
        Timestamp(or_overflow!(
            micros_of(duration).and_then(|micros| self.0.checked_sub(micros)),
            "{self} - {duration:?}"
        ))
    }
}

impl Add<TimeDelta> for Timestamp {
    type Output = Self;

    #[track_caller]
    fn add(self, delta: TimeDelta) -> Self {
        Timestamp(or_overflow!(self.0.checked_add(delta.micros()), "{self} + {delta}"))
    }
}

impl Sub<TimeDelta> for Timestamp {
    type Output = Self;

    #[track_caller]
    fn sub(self, delta: TimeDelta) -> Self {
        Timestamp(or_overflow!(self.0.checked_sub(delta.micros()), "{self} - {delta}"))
    }
}

/// The time from the other instant to this one.
impl Sub for Timestamp {
    type Output = TimeDelta;

    #[track_caller]
    fn sub(self, other: Self) -> TimeDelta {
        TimeDelta::from_micros(or_overflow!(self.0.checked_sub(other.0), "{self} - {other}"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text(), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Date {
    /// The begin of the day in UTC. See [`Timestamp::replace_zone`] for other zones. Panics with
    /// [`Overflow`](super::Overflow) if microseconds cannot represent it, some 292,000 years away.
    #[must_use]
    #[track_caller]
    pub fn midnight(self) -> Timestamp {
        Timestamp::from_micros(or_overflow!(i64::from(self.days()).checked_mul(DAY), "the first instant of {self}"))
    }
}

/// Converts an instant of the library. Nanoseconds are rounded down, as those of texts are.
pub(super) fn instant(time: jiff::Timestamp) -> Timestamp {
    // Years of four digits: microseconds fit into 64 bits.
    Timestamp::from_micros(time.as_nanosecond().div_euclid(1000) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn texts_read_back() {
        let edges = [0, 1, -1, SECOND, -SECOND, DAY - 1, DAY, -DAY, i64::MAX, i64::MIN, 1_709_210_096_123_456];
        let steps = (0..50_000).map(|step: i64| step * 7_919_123_457_901 - 100_000_000_000_000_000);
        for micros in edges.into_iter().chain(steps) {
            let text = Timestamp::from_micros(micros).to_string();
            assert_eq!(parse_timestamp(text.as_bytes()), Some(micros), "{text}");
        }
        assert_eq!(Timestamp::from_micros(i64::MIN).to_string(), "-290308-12-21T19:59:05.224192Z");
        assert_eq!(Timestamp::from_micros(1_500_000).to_string(), "1970-01-01T00:00:01.5Z");
        assert_eq!(Timestamp::from_micros(-1).to_string(), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn missing_parts_are_accepted_and_wrong_parts_rejected() {
        let micros = 1_709_210_096_500_000;
        for text in [
            "2024-02-29 12:34:56.5",
            "2024-02-29T12:34:56.500Z",
            "2024-02-29T12:34:56.500000",
            "2024-02-29 12:34:56.50Z",
            "2024-02-29 12:34:56.500000999",
            "2024-02-29T14:34:56.5+02:00",
            "2024-02-29T14:34:56.5000009+0200",
            "2024-02-29 07:04:56.5-05:30",
            "2024-02-29T14:34:56,5+02",
        ] {
            assert_eq!(parse_timestamp(text.as_bytes()), Some(micros), "{text}");
        }
        assert_eq!(instant("2024-02-29"), instant("2024-02-29T00:00:00Z"));
        assert_eq!(instant("2024-02-29T12:34"), instant("2024-02-29T12:34:00Z"));
        assert_eq!(instant("2024-02-29 00:30+01:00"), instant("2024-02-28T23:30Z"));
        assert_eq!(instant("1969-12-31T23:59:59.9999999"), Timestamp(-1));
        assert_eq!(instant("1969-12-31T23:59:59.9999999+00:00"), Timestamp(-1));
        let wrong = [
            "",
            "T",
            "2024-02-29T",
            "2024-02-29T12",
            "2024-02-29T1234",
            "2024-02-29T12:3",
            "2024-02-29T12:34:60Z",
            "2024-02-29T12:34:60+01:00",
            "2024-02-29T12:34:56+26:00",
            "2024-02-29T12:34:56+",
            "2024-02-29T12:34:56[Europe/Berlin]",
            "2024-02-29T12:34:56 Z",
            "2024-02-29T24:00:00",
            "2024-02-29T12:60:00",
            "2024-02-29T12:00:60",
            "2024-02-29T12:34:56.",
            "2024-02-29T12:34:56.1234567890",
            "2023-02-29T00:00:00",
            "2024-02-29T1a:00:00",
            "2024-02-29Z",
            "5000000-01-01T00:00:00",
        ];
        for text in wrong {
            assert_eq!(parse_timestamp(text.as_bytes()), None, "{text}");
        }
        let error = "noon".parse::<Timestamp>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a time like 2024-02-29T12:30:00.5Z or 2024-02-29 12:30+02:00, found `noon`"
        );
    }

    #[test]
    fn arithmetic_is_in_microseconds() {
        let start = instant("2024-02-29T23:59:59");
        assert_eq!(start + Duration::from_secs(1), instant("2024-03-01"));
        assert_eq!(instant("2024-03-01") - start, TimeDelta::from_seconds(1));
        assert_eq!(start - Duration::from_micros(1), instant("2024-02-29T23:59:58.999999"));
        assert_eq!((start.date().to_string().as_str(), start.micros_of_day()), ("2024-02-29", DAY - SECOND));
        assert_eq!(Timestamp::from_micros(-1).date().to_string(), "1969-12-31");
        assert_eq!(Timestamp::from_micros(i64::MAX).checked_add_micros(1), None);
        let payload =
            std::panic::catch_unwind(|| Timestamp::from_micros(i64::MAX) + Duration::from_secs(1)).unwrap_err();
        assert!(payload.is::<crate::value::Overflow>());
    }
}
