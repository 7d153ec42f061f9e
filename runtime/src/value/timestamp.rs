//! Instants.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use super::date::{Date, parse_date, write_date};
use super::overflow::overflow;
use super::parse::{ParseValueError, digits};
use super::written::Written;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What texts of timestamps look like.
pub(crate) const TIMESTAMP_FORM: &str = "a UTC time like 2024-02-29T12:30:00.5Z";

/// An instant, counted in microseconds from 1970-01-01T00:00:00 UTC, without leap seconds.
///
/// ```
/// use runtime::value::Timestamp;
/// use std::time::Duration;
///
/// let start: Timestamp = "2024-02-29 12:30:00".parse()?;
/// assert_eq!((start + Duration::from_millis(1500)).to_string(), "2024-02-29T12:30:01.5Z");
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

    /// The day it lies in.
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

    /// The instant this many microseconds later, where it can be counted.
    #[must_use]
    pub const fn checked_add_micros(self, micros: i64) -> Option<Self> {
        match self.0.checked_add(micros) {
            Some(micros) => Some(Timestamp(micros)),
            None => None,
        }
    }

    /// The instant as text, without allocating: `2024-02-29T12:30:00.5Z`.
    #[must_use]
    pub fn text(self) -> Written {
        let mut text = Written::new();
        text.byte(b'Z');
        let of_day = self.micros_of_day() as u64;
        let (seconds, mut fraction) = (of_day / SECOND as u64, of_day % SECOND as u64);
        if fraction != 0 {
            let mut width = 6;
            while fraction.is_multiple_of(10) {
                (fraction, width) = (fraction / 10, width - 1);
            }
            text.number(fraction, width);
            text.byte(b'.');
        }
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

/// Microseconds since 1970-01-01T00:00:00 UTC of `2024-02-29T12:30:00.5Z`. `T` may be a space; `Z`, the fraction, or
/// the whole time of day may be missing.
#[must_use]
pub fn parse_timestamp(text: &[u8]) -> Option<i64> {
    let Some(mark) = text.iter().position(|byte| matches!(byte, b'T' | b' ')) else {
        return i64::from(parse_date(text)?).checked_mul(DAY);
    };
    let days = parse_date(&text[..mark])?;
    let time = &text[mark + 1..];
    let time = time.strip_suffix(b"Z").unwrap_or(time);
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
        [b'.', fraction @ ..] if fraction.len() <= 6 => digits(fraction)? * 10_u32.pow(6 - fraction.len() as u32),
        _ => return None,
    };
    let of_day = i64::from(hours * 3600 + minutes * 60 + seconds) * SECOND + i64::from(micros);
    // In 128 bits: a day before the first instant plus its time may lie after it.
    i64::try_from(i128::from(days) * i128::from(DAY) + i128::from(of_day)).ok()
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
        match micros_of(duration).and_then(|micros| self.0.checked_add(micros)) {
            Some(micros) => Timestamp(micros),
            None => overflow(format_args!("{self} + {duration:?}")),
        }
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    #[track_caller]
    fn sub(self, duration: Duration) -> Self {
        match micros_of(duration).and_then(|micros| self.0.checked_sub(micros)) {
            Some(micros) => Timestamp(micros),
            None => overflow(format_args!("{self} - {duration:?}")),
        }
    }
}

/// Microseconds from the other instant to this one.
impl Sub for Timestamp {
    type Output = i64;

    #[track_caller]
    fn sub(self, other: Self) -> i64 {
        match self.0.checked_sub(other.0) {
            Some(micros) => micros,
            None => overflow(format_args!("{self} - {other} in microseconds")),
        }
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
    fn parts_may_be_missing_but_not_wrong() {
        let micros = 1_709_210_096_500_000;
        for text in [
            "2024-02-29 12:34:56.5",
            "2024-02-29T12:34:56.500Z",
            "2024-02-29T12:34:56.500000",
            "2024-02-29 12:34:56.50Z",
        ] {
            assert_eq!(parse_timestamp(text.as_bytes()), Some(micros), "{text}");
        }
        assert_eq!(instant("2024-02-29"), instant("2024-02-29T00:00:00Z"));
        let wrong = [
            "",
            "T",
            "2024-02-29T",
            "2024-02-29T12:34",
            "2024-02-29T24:00:00",
            "2024-02-29T12:60:00",
            "2024-02-29T12:00:60",
            "2024-02-29T12:34:56.",
            "2024-02-29T12:34:56.1234567",
            "2024-02-29T12:34:56+01:00",
            "2023-02-29T00:00:00",
            "2024-02-29T1a:00:00",
            "2024-02-29Z",
            "2024-02-29T12:34:56,5",
            "5000000-01-01T00:00:00",
        ];
        for text in wrong {
            assert_eq!(parse_timestamp(text.as_bytes()), None, "{text}");
        }
        let error = "noon".parse::<Timestamp>().unwrap_err();
        assert_eq!(error.to_string(), "expected a UTC time like 2024-02-29T12:30:00.5Z, found `noon`");
    }

    #[test]
    fn arithmetic_is_in_microseconds() {
        let start = instant("2024-02-29T23:59:59");
        assert_eq!(start + Duration::from_secs(1), instant("2024-03-01"));
        assert_eq!(instant("2024-03-01") - start, SECOND);
        assert_eq!(start - Duration::from_micros(1), instant("2024-02-29T23:59:58.999999"));
        assert_eq!((start.date().to_string().as_str(), start.micros_of_day()), ("2024-02-29", DAY - SECOND));
        assert_eq!(Timestamp::from_micros(-1).date().to_string(), "1969-12-31");
        assert_eq!(Timestamp::from_micros(i64::MAX).checked_add_micros(1), None);
        let payload =
            std::panic::catch_unwind(|| Timestamp::from_micros(i64::MAX) + Duration::from_secs(1)).unwrap_err();
        assert!(payload.is::<crate::value::Overflow>());
    }
}
