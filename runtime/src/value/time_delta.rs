//! [`TimeDelta`]: lengths of time.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::str::FromStr;
use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::temporal::SpanParser;

use super::overflow::or_overflow;
use super::parse::ParseValueError;
use super::ratio::nearest_ratio;
use super::time_unit::{DAY, HOUR, MINUTE, SECOND};
use super::written::Written;

/// Expected form of lengths of time, for messages.
pub const TIME_DELTA_FORM: &str = "a length of time like PT1H30M or -P1DT0.5S";

/// A length of time in microseconds, which may be negative: the difference of two
/// [`Timestamp`](super::Timestamp)s.
///
/// Its text is a duration of ISO 8601 in hours, minutes and seconds. Days of 24 hours and weeks can
/// be parsed, too. Months and years cannot, because their length varies. Digits of a second after
/// the sixth are cut off.
///
/// Arithmetic beyond 64 bits (some 292,000 years) panics with [`Overflow`](super::Overflow).
///
/// ```
/// use runtime::value::{TimeDelta, Timestamp};
///
/// let start: Timestamp = "2024-02-29T23:00Z".parse()?;
/// let end: Timestamp = "2024-03-01T00:30:00.5Z".parse()?;
/// let took: TimeDelta = end - start;
/// assert_eq!((took.to_string().as_str(), took.minutes()), ("PT1H30M0.5S", 90));
/// assert_eq!("P1DT2H".parse::<TimeDelta>()?, TimeDelta::from_hours(26));
/// # Ok::<(), runtime::value::ParseValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct TimeDelta(i64);

macro_rules! units {
    ($($from:ident, $whole:ident, $unit:expr, $name:literal;)*) => {$(
        #[doc = concat!("A length in ", $name, ". Panics with [`Overflow`](super::Overflow) if microseconds cannot represent it.")]
        #[must_use]
        #[track_caller]
        pub fn $from(count: i64) -> Self {
            TimeDelta(or_overflow!(count.checked_mul($unit), "{count} {} in microseconds", $name))
        }

        #[doc = concat!("The length in whole ", $name, ", rounded towards zero.")]
        #[must_use]
        pub const fn $whole(self) -> i64 {
            self.0 / $unit
        }
    )*};
}

impl TimeDelta {
    /// A length of zero.
    pub const ZERO: TimeDelta = TimeDelta(0);

    /// A length of `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        TimeDelta(micros)
    }

    /// The length in microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    units! {
        from_millis, millis, 1000, "milliseconds";
        from_seconds, seconds, SECOND, "seconds";
        from_minutes, minutes, MINUTE, "minutes";
        from_hours, hours, HOUR, "hours";
        from_days, days, DAY, "days of 24 hours";
    }

    /// The length in seconds, rounded to the nearest float.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        nearest_ratio(self.0.into(), SECOND.unsigned_abs().into())
    }

    /// The absolute value. Panics with [`Overflow`](super::Overflow) for the least length.
    #[must_use]
    #[track_caller]
    pub fn abs(self) -> Self {
        TimeDelta(or_overflow!(self.0.checked_abs(), "|{self}|"))
    }

    /// The length as text, without an allocation: `PT1H30M0.5S`.
    #[must_use]
    pub fn text(self) -> Written {
        let mut text = Written::new();
        let micros = self.0.unsigned_abs();
        let (seconds, fraction) = (micros / SECOND as u64, micros % SECOND as u64);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if seconds != 0 || fraction != 0 || micros == 0 {
            text.byte(b'S');
            text.fraction(fraction);
            text.number(seconds, 1);
        }
        for (count, unit) in [(minutes, b'M'), (hours, b'H')] {
            if count != 0 {
                text.byte(unit);
                text.number(count, 1);
            }
        }
        text.byte(b'T');
        text.byte(b'P');
        if self.0 < 0 {
            text.byte(b'-');
        }
        text
    }
}

/// Parses a duration of ISO 8601, without months and years, to microseconds.
#[must_use]
pub fn parse_time_delta(text: &[u8]) -> Option<i64> {
    static PARSER: SpanParser = SpanParser::new();
    let nanos = match PARSER.parse_duration(text) {
        Ok(duration) => duration.as_nanos(),
        // The library treats days and weeks as inexact by default.
        Err(_) => PARSER.parse_span(text).ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?.as_nanos(),
    };
    i64::try_from(nanos / 1000).ok()
}

impl FromStr for TimeDelta {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Result<Self, ParseValueError> {
        parse_time_delta(text.as_bytes()).map(TimeDelta).ok_or_else(|| ParseValueError::new(TIME_DELTA_FORM, text))
    }
}

/// # Errors
/// Returns the duration if microseconds of 64 bits cannot represent it. Nanoseconds are cut off.
impl TryFrom<Duration> for TimeDelta {
    type Error = Duration;

    fn try_from(duration: Duration) -> Result<Self, Duration> {
        i64::try_from(duration.as_micros()).map(TimeDelta).map_err(|_| duration)
    }
}

impl Add for TimeDelta {
    type Output = Self;

    #[track_caller]
    fn add(self, other: Self) -> Self {
        TimeDelta(or_overflow!(self.0.checked_add(other.0), "{self} + {other}"))
    }
}

impl Sub for TimeDelta {
    type Output = Self;

    #[track_caller]
    fn sub(self, other: Self) -> Self {
        TimeDelta(or_overflow!(self.0.checked_sub(other.0), "{self} - {other}"))
    }
}

impl Neg for TimeDelta {
    type Output = Self;

    #[track_caller]
    fn neg(self) -> Self {
        TimeDelta(or_overflow!(self.0.checked_neg(), "-({self})"))
    }
}

impl Mul<i64> for TimeDelta {
    type Output = Self;

    #[track_caller]
    fn mul(self, times: i64) -> Self {
        TimeDelta(or_overflow!(self.0.checked_mul(times), "{self} * {times}"))
    }
}

/// Rounds towards zero, to whole microseconds. Panics with [`Overflow`](super::Overflow) if the
/// divisor is zero.
impl Div<i64> for TimeDelta {
    type Output = Self;

    #[track_caller]
    fn div(self, parts: i64) -> Self {
        TimeDelta(or_overflow!(self.0.checked_div(parts), "{self} / {parts}"))
    }
}

impl fmt::Display for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text(), f)
    }
}

impl fmt::Debug for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Overflow;

    #[test]
    fn texts_read_back() {
        let edges =
            [0, 1, -1, SECOND, -SECOND, MINUTE, HOUR, DAY, -DAY, i64::MAX, i64::MIN, i64::MIN + 1, 5_400_500_000];
        for micros in edges.into_iter().chain((-500..500).map(|step| step * 18_014_398_509_481_979)) {
            let text = TimeDelta(micros).to_string();
            assert_eq!(parse_time_delta(text.as_bytes()), Some(micros), "{text}");
        }
        assert_eq!(TimeDelta(0).to_string(), "PT0S");
        assert_eq!(TimeDelta(-5_400_500_000).to_string(), "-PT1H30M0.5S");
        assert_eq!(TimeDelta(i64::MIN).to_string(), "-PT2562047788H54.775808S");
    }

    #[test]
    fn texts_without_a_length_are_rejected() {
        for (text, micros) in
            [("P1D", Some(DAY)), ("P1W", Some(7 * DAY)), ("PT0.0000019S", Some(1)), ("-P1DT0.5S", Some(-DAY - 500_000))]
        {
            assert_eq!(parse_time_delta(text.as_bytes()), micros, "{text}");
        }
        for text in ["", "P", "PT", "P1M", "P1Y", "1h", "90", "PT1X", "PT9999999999999H", "P1DT"] {
            assert_eq!(parse_time_delta(text.as_bytes()), None, "{text}");
        }
        let error = "long".parse::<TimeDelta>().unwrap_err().to_string();
        assert_eq!(error, "expected a length of time like PT1H30M or -P1DT0.5S, found `long`");
    }

    #[test]
    fn arithmetic_that_leaves_64_bits_is_an_overflow() {
        let hour = TimeDelta::from_hours(1);
        assert_eq!((hour * 3 - hour / 2 + -hour).minutes(), 90);
        assert_eq!((hour - hour * 2).abs(), hour);
        let all: [fn() -> TimeDelta; 7] = [
            || TimeDelta(i64::MAX) + TimeDelta(1),
            || TimeDelta(i64::MIN) - TimeDelta(1),
            || -TimeDelta(i64::MIN),
            || TimeDelta(i64::MAX) * 2,
            || TimeDelta(1) / 0,
            || TimeDelta(i64::MIN).abs(),
            || TimeDelta::from_days(i64::MAX),
        ];
        for operation in all {
            assert!(std::panic::catch_unwind(operation).unwrap_err().is::<Overflow>());
        }
    }
}
