//! Dates and timestamps in other forms than ISO 8601, by conversion specifiers as `strptime` has them.

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
/// The specifiers are those of C's `strptime`: `%Y` year, `%m` month, `%d` day, `%H` hour, `%M` minute, `%S` second, `%.f` its fraction with
/// the point, `%z` an offset, `%b` a month's English name, `%y` two digits of a year from 1969 to 2068, and so on
/// (<https://docs.rs/jiff/0.2/jiff/fmt/strtime/>). A time without offset is UTC; what is not said of the time of day is zero; digits of a
/// second beyond the sixth are cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeFormat(Box<str>);

impl TimeFormat {
    /// A form that dates can be read from and written in, or timestamps, if `with_time`.
    ///
    /// # Errors
    /// Where a specifier is none, or no day can be told from the text.
    pub fn new(format: &str, with_time: bool) -> Result<Self, String> {
        // 2024-02-29T12:34:56Z, written and read again.
        let sample = Timestamp::from_micros(1_709_210_096 * SECOND);
        let wrong = |reason: String| format!("the format `{format}` {reason}");
        let text = written(format, sample).map_err(|reason| wrong(format!("cannot be used: {reason}")))?;
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

    /// The specifiers.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The days since 1970-01-01. `None` if the text has another form.
    #[must_use]
    pub fn parse_date(&self, text: &[u8]) -> Option<i32> {
        read_date(&self.0, text).ok().map(Date::days)
    }

    /// The microseconds since 1970-01-01 in UTC. `None` if the text has another form.
    #[must_use]
    pub fn parse_timestamp(&self, text: &[u8]) -> Option<i64> {
        read_timestamp(&self.0, text).ok().map(Timestamp::micros)
    }

    /// The text of an instant; `None` where its year has more than four digits.
    pub fn write(&self, time: Timestamp) -> Option<String> {
        written(&self.0, time).ok()
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

fn written(format: &str, time: Timestamp) -> Result<String, jiff::Error> {
    // The library rounds `%s` towards zero, and all other specifiers down.
    let is_whole = format.contains("%s") && !format.contains(['f', 'N']);
    let micros = if is_whole { time.micros().div_euclid(SECOND) * SECOND } else { time.micros() };
    strtime::format(format, &Instant::from_microsecond(micros)?.to_zoned(TimeZone::UTC))
}

impl Timestamp {
    /// Reads another form than ISO 8601, by the specifiers of `strptime`: `%d.%m.%Y %H:%M`. Without `%z` the time is UTC; what is not said of the
    /// time of day is zero; digits of a second beyond the sixth are cut off. See <https://docs.rs/jiff/0.2/jiff/fmt/strtime/>.
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
    /// Where the text has another form, or the form gives no day.
    pub fn parse_from(text: &str, format: &str) -> Result<Self, ParseValueError> {
        read_timestamp(format, text.as_bytes()).map_err(|reason| unlike(text, format, &reason))
    }

    /// The time in another form than ISO 8601, by the specifiers of `strftime`, in UTC.
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
    /// Where a specifier is none, or the year has more than four digits.
    pub fn format_as(self, format: &str) -> Result<String, ParseValueError> {
        written(format, self).map_err(|reason| unlike(&self.to_string(), format, &reason))
    }
}

impl Date {
    /// Reads another form than ISO 8601, by the specifiers of `strptime`: `%d.%m.%Y`. See [`Timestamp::parse_from`].
    ///
    /// # Errors
    /// Where the text has another form, or the form gives no day.
    pub fn parse_from(text: &str, format: &str) -> Result<Self, ParseValueError> {
        read_date(format, text.as_bytes()).map_err(|reason| unlike(text, format, &reason))
    }

    /// The day in another form than ISO 8601, by the specifiers of `strftime`.
    ///
    /// # Errors
    /// Where a specifier is none, or the year has more than four digits.
    pub fn format_as(self, format: &str) -> Result<String, ParseValueError> {
        let failed = |reason: &jiff::Error| unlike(&self.to_string(), format, reason);
        let (year, month, day) = parts_of(self.days().into());
        let year = i16::try_from(year).unwrap_or(i16::MAX);
        let date = DateTime::new(year, month as i8, day as i8, 0, 0, 0, 0).map_err(|reason| failed(&reason))?;
        strtime::format(format, date).map_err(|reason| failed(&reason))
    }
}

fn unlike(text: &str, format: &str, reason: &jiff::Error) -> ParseValueError {
    ParseValueError::new(format!("a text of the form `{format}` ({reason})"), text)
}
