//! [`TimeFormat`]: user-defined forms of dates and timestamps, with the conversion specifiers of
//! `strptime`.

use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};

use super::calendar::parts_of;
use super::date::Date;
use super::parse::ParseValueError;
use super::time_unit::SECOND;
use super::timestamp::{Timestamp, instant};

/// A form of dates or timestamps: text with conversion specifiers, such as `%d.%m.%Y %H:%M`.
///
/// The specifiers are those of C's `strptime`:
/// * `%Y` year, `%m` month, `%d` day;
/// * `%H` hour, `%M` minute, `%S` second, `%.f` its fraction with the point;
/// * `%z` an offset, `%b` a month's English name, `%y` two digits of a year from 1969 to 2068;
/// * others in <https://docs.rs/jiff/0.2/jiff/fmt/strtime/>.
///
/// A time without an offset is UTC. Missing parts of the time of day are zero. Digits of a second
/// after the sixth are cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeFormat(Box<str>);

impl TimeFormat {
    /// Checks that the form can parse and write dates or, if `with_time`, timestamps.
    ///
    /// # Errors
    /// Fails if a specifier is invalid, or if the parts do not determine a day.
    pub fn new(format: &str, with_time: bool) -> Result<Self, String> {
        // 2024-02-29T12:34:56Z, which is written and parsed.
        let sample = Timestamp::from_micros(1_709_210_096 * SECOND);
        let wrong = |reason: String| format!("the format `{format}` {reason}");
        let text = format_time(format, sample).map_err(|reason| wrong(format!("cannot be used: {reason}")))?;
        let day = if with_time {
            read_timestamp(format, text.as_bytes()).map(|time| time.date())
        } else {
            read_date(format, text.as_bytes())
        };
        match day {
            Ok(_) => Ok(TimeFormat(format.into())),
            Err(reason) => {
                Err(wrong(format!("gives no day ({reason}); it needs a year, a month and a day, like %Y-%m-%d")))
            }
        }
    }

    /// The form, with its specifiers.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Parses a day to days since 1970-01-01. `None` if the text has another form.
    #[must_use]
    pub fn parse_date(&self, text: &[u8]) -> Option<i32> {
        read_date(&self.0, text).ok().map(Date::days)
    }

    /// Parses an instant to microseconds since 1970-01-01 in UTC. `None` if the text has another
    /// form.
    #[must_use]
    pub fn parse_timestamp(&self, text: &[u8]) -> Option<i64> {
        read_timestamp(&self.0, text).ok().map(Timestamp::micros)
    }

    /// Writes an instant. `None` if its year has more than four digits.
    pub fn write(&self, time: Timestamp) -> Option<String> {
        format_time(&self.0, time).ok()
    }
}

fn read(format: &str, text: &[u8]) -> Result<BrokenDownTime, jiff::Error> {
    strtime::parse(format, text)
}

fn read_date(format: &str, text: &[u8]) -> Result<Date, jiff::Error> {
    let date = read(format, text)?.to_date()?;
    // The library's years have at most four digits.
    Ok(date_of(date.year().into(), date.month() as u32, date.day() as u32))
}

fn date_of(year: i64, month: u32, day: u32) -> Date {
    Date::from_days(super::calendar::days_of(year, month, day) as i32)
}

fn read_timestamp(format: &str, text: &[u8]) -> Result<Timestamp, jiff::Error> {
    let parts = read(format, text)?;
    if parts.iana_time_zone().is_some() {
        return Ok(instant(parts.to_zoned()?.timestamp()));
    }
    if parts.offset().is_some() || parts.timestamp().is_some() {
        return Ok(instant(parts.to_timestamp()?));
    }
    Ok(instant(Offset::UTC.to_timestamp(parts.to_datetime()?)?))
}

fn format_time(format: &str, time: Timestamp) -> Result<String, jiff::Error> {
    // The library rounds `%s` towards zero, and all other specifiers down.
    let is_whole = format.contains("%s") && !format.contains(['f', 'N']);
    let micros = if is_whole { time.micros().div_euclid(SECOND) * SECOND } else { time.micros() };
    strtime::format(format, &Instant::from_microsecond(micros)?.to_zoned(TimeZone::UTC))
}

impl Timestamp {
    /// Parses a form other than ISO 8601, with the specifiers of `strptime`: `%d.%m.%Y %H:%M`. A
    /// time without `%z` is UTC. Missing parts of the time of day are zero. Digits of a second
    /// after the sixth are cut off. See <https://docs.rs/jiff/0.2/jiff/fmt/strtime/>.
    ///
    /// ```
    /// use runtime::value::Timestamp;
    ///
    /// let time = Timestamp::parse_from("29.02.2024 12:30", "%d.%m.%Y %H:%M")?;
    /// assert_eq!(time.to_string(), "2024-02-29T12:30:00Z");
    /// # Ok::<(), runtime::value::ParseValueError>(())
    /// ```
    ///
    /// # Errors
    /// Fails if the text has another form, or if the form does not determine a day.
    pub fn parse_from(text: &str, format: &str) -> Result<Self, ParseValueError> {
        read_timestamp(format, text.as_bytes()).map_err(|reason| format_error(text, format, &reason))
    }

    /// Writes the time in a form other than ISO 8601, in UTC, with the specifiers of `strftime`.
    ///
    /// ```
    /// use runtime::value::Timestamp;
    ///
    /// let time: Timestamp = "2024-02-29T12:30:00Z".parse()?;
    /// assert_eq!(time.format_as("%d.%m.%Y %H:%M")?, "29.02.2024 12:30");
    /// # Ok::<(), runtime::value::ParseValueError>(())
    /// ```
    ///
    /// # Errors
    /// Fails if a specifier is invalid, or if the year has more than four digits.
    pub fn format_as(self, format: &str) -> Result<String, ParseValueError> {
        format_time(format, self).map_err(|reason| format_error(&self.to_string(), format, &reason))
    }
}

impl Date {
    /// Parses a form other than ISO 8601, with the specifiers of `strptime`: `%d.%m.%Y`. See
    /// [`Timestamp::parse_from`].
    ///
    /// # Errors
    /// Fails if the text has another form, or if the form does not determine a day.
    pub fn parse_from(text: &str, format: &str) -> Result<Self, ParseValueError> {
        read_date(format, text.as_bytes()).map_err(|reason| format_error(text, format, &reason))
    }

    /// Writes the day in a form other than ISO 8601, with the specifiers of `strftime`.
    ///
    /// # Errors
    /// Fails if a specifier is invalid, or if the year has more than four digits.
    pub fn format_as(self, format: &str) -> Result<String, ParseValueError> {
        let failed = |reason: &jiff::Error| format_error(&self.to_string(), format, reason);
        let (year, month, day) = parts_of(self.days().into());
        let year = i16::try_from(year).unwrap_or(i16::MAX);
        let date = DateTime::new(year, month as i8, day as i8, 0, 0, 0, 0).map_err(|reason| failed(&reason))?;
        strtime::format(format, date).map_err(|reason| failed(&reason))
    }
}

fn format_error(text: &str, format: &str, reason: &jiff::Error) -> ParseValueError {
    ParseValueError::new(format!("a text of the form `{format}` ({reason})"), text)
}
