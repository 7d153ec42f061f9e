//! [`Date`]: days of the calendar.

use std::fmt;
use std::ops::Sub;
use std::str::FromStr;

use super::calendar::{days_in_month, days_of, parts_of};
use super::overflow::or_overflow;
use super::parse::{ParseValueError, digits, sign};
use super::time_unit::{TimeUnit, weekday};
use super::written::Written;

/// Expected form of dates, for messages.
pub const DATE_FORM: &str = "a day like 2024-02-29";

/// A day of the proleptic Gregorian calendar, counted from 1970-01-01.
///
/// ```
/// use runtime::value::Date;
///
/// let due: Date = "1996-01-31".parse()?;
/// assert_eq!(due.add_months(1).to_string(), "1996-02-29");
/// assert_eq!(due.add_days(1) - due, 1);
/// # Ok::<(), runtime::value::ParseValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Date(i32);

impl Date {
    /// The day `days` after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Date(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// A day by year, month from 1 and day from 1. `None` if it does not exist.
    #[must_use]
    pub const fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        if day == 0 || day > days_in_month(year as i64, month) {
            return None;
        }
        Self::checked(days_of(year as i64, month, day))
    }

    /// Parses a day in the form `YYYY-MM-DD`. Can be used in constants. `None` if the text has
    /// another form or the day does not exist.
    #[must_use]
    pub const fn from_iso(text: &str) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else { return None };
        let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
        let mut index = 0;
        while index < digits.len() {
            if !digits[index].is_ascii_digit() {
                return None;
            }
            index += 1;
        }
        let year = two(y1, y2) * 100 + two(y3, y4);
        Date::new(year as i32, two(m1, m2), two(d1, d2))
    }

    /// The year. 0 is the year before 1.
    #[must_use]
    pub const fn year(self) -> i32 {
        // The range of 32 bits is some six million years in both directions.
        parts_of(self.0 as i64).0 as i32
    }

    /// The month, from 1.
    #[must_use]
    pub const fn month(self) -> u32 {
        parts_of(self.0 as i64).1
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn day(self) -> u32 {
        parts_of(self.0 as i64).2
    }

    /// The day of the week by ISO 8601: 1 is Monday, 7 is Sunday.
    #[must_use]
    pub const fn weekday(self) -> u32 {
        weekday(self.0 as i64)
    }

    /// The first day of the `unit` that contains this day. Units up to a day return the day itself.
    /// Panics with [`Overflow`](super::Overflow) if the result is before the first day.
    #[must_use]
    #[track_caller]
    pub fn truncate(self, unit: TimeUnit) -> Self {
        or_overflow!(Self::checked(unit.first_day(self.0.into())), "the {unit:?} of {self}")
    }

    /// The day `days` days later. Panics with [`Overflow`](super::Overflow) if the result is out of
    /// range.
    #[must_use]
    #[track_caller]
    pub fn add_days(self, days: i32) -> Self {
        Date(or_overflow!(self.0.checked_add(days), "{self} + {days} days"))
    }

    /// The same day of the month, `months` months later. The last day of the month if it has no
    /// such day, as in SQL. Panics with [`Overflow`](super::Overflow) if the result is out of
    /// range.
    #[must_use]
    #[track_caller]
    pub fn add_months(self, months: i32) -> Self {
        let (year, month, day) = parts_of(i64::from(self.0));
        let month = year * 12 + i64::from(month) - 1 + i64::from(months);
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) as u32 + 1);
        or_overflow!(
            Self::checked(days_of(year, month, day.min(days_in_month(year, month)))),
            "{self} + {months} months"
        )
    }

    /// The same day of the year, `years` years later. February 28 for February 29 in a year without
    /// a leap day. Panics with [`Overflow`](super::Overflow) if the result is out of range.
    #[must_use]
    #[track_caller]
    pub fn add_years(self, years: i32) -> Self {
        self.add_months(or_overflow!(years.checked_mul(12), "{self} + {years} years"))
    }

    /// The day as text, without an allocation: `2024-02-29`.
    #[must_use]
    pub fn text(self) -> Written {
        let mut text = Written::new();
        write_date(i64::from(self.0), &mut text);
        text
    }

    const fn checked(days: i64) -> Option<Self> {
        if days < i32::MIN as i64 || days > i32::MAX as i64 { None } else { Some(Date(days as i32)) }
    }
}

/// Writes a day in front of a text. Years have four digits, or a sign and four or more.
pub(super) fn write_date(days: i64, text: &mut Written) {
    let (year, month, day) = parts_of(days);
    text.number(day.into(), 2);
    text.byte(b'-');
    text.number(month.into(), 2);
    text.byte(b'-');
    text.number(year.unsigned_abs(), 4);
    if year < 0 {
        text.byte(b'-');
    } else if year > 9999 {
        text.byte(b'+');
    }
}

/// Parses `2024-02-29` to days since 1970-01-01. Years before 0 or after 9999 have a sign.
#[must_use]
pub fn parse_date(text: &[u8]) -> Option<i32> {
    let (year, rest) = match text {
        [year @ .., b'-', m1, m2, b'-', d1, d2] => (year, [*m1, *m2, *d1, *d2]),
        _ => return None,
    };
    let rest = digits(&rest)?;
    let (month, day) = (rest / 100, rest % 100);
    let year = match year.len() {
        4 => i64::from(digits(year)?),
        5.. => {
            let (negative, year) = sign(year);
            let magnitude = i64::from(digits(year).filter(|_| year.len() >= 4)?);
            if negative { -magnitude } else { magnitude }
        }
        _ => return None,
    };
    if day == 0 || day > days_in_month(year, month) {
        return None;
    }
    i32::try_from(days_of(year, month, day)).ok()
}

impl FromStr for Date {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Result<Self, ParseValueError> {
        parse_date(text.as_bytes()).map(Date).ok_or_else(|| ParseValueError::new(DATE_FORM, text))
    }
}

/// Days from the other date to this one.
impl Sub for Date {
    type Output = i32;

    #[track_caller]
    fn sub(self, other: Self) -> i32 {
        or_overflow!(self.0.checked_sub(other.0), "{self} - {other} in days")
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text(), f)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Two decimal digits.
const fn two(tens: u8, ones: u8) -> u32 {
    (tens - b'0') as u32 * 10 + (ones - b'0') as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn texts_read_back() {
        for days in (-1_000_000..1_000_000).step_by(13).chain([i32::MIN, i32::MAX, i32::MIN + 1]) {
            let day = Date::from_days(days);
            assert_eq!(parse_date(day.to_string().as_bytes()), Some(days), "{day}");
            assert_eq!(Date::new(day.year(), day.month(), day.day()), Some(day), "{day}");
        }
        assert_eq!(date("1970-01-01").days(), 0);
        assert_eq!(date("2024-02-29").days(), 19_782);
        assert_eq!(
            [Date::from_days(i32::MIN), Date::from_days(i32::MAX)].map(|day| day.to_string()),
            ["-5877641-06-23", "+5881580-07-11"]
        );
        assert_eq!(format!("{:>12}|{:?}", date("0004-03-01"), date("-0001-12-31")), "  0004-03-01|-0001-12-31");
    }

    #[test]
    fn invalid_dates_are_rejected() {
        let wrong = [
            "",
            "2024-2-29",
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "2024-01-32",
            "24-01-01",
            "2024-01-01x",
            " 2024-01-01",
            "2024/01/01",
            "20240101",
            "-024-01-01",
            "+99999999-01-01",
            "2O24-01-01",
            "2024-01-0\u{b2}",
        ];
        for text in wrong {
            assert_eq!(parse_date(text.as_bytes()), None, "{text}");
        }
        assert_eq!((Date::new(2023, 2, 29), Date::new(2024, 0, 1), Date::new(6_000_000, 1, 1)), (None, None, None));
        let error = "31.12.2024".parse::<Date>().unwrap_err();
        assert_eq!(error.to_string(), "expected a day like 2024-02-29, found `31.12.2024`");
    }

    #[test]
    fn months_and_years_are_added_as_in_sql() {
        let ends = ["2024-02-29", "2024-03-31", "2024-04-30", "2025-01-31", "2023-12-31", "2023-02-28"];
        for (months, end) in [1, 2, 3, 12, -1, -11].into_iter().zip(ends) {
            assert_eq!(date("2024-01-31").add_months(months), date(end), "{months}");
        }
        assert_eq!(
            (date("2024-02-29").add_years(1), date("2024-02-29").add_years(-4)),
            (date("2025-02-28"), date("2020-02-29"))
        );
        assert_eq!(date("1998-12-01").add_days(-90), date("1998-09-02"));
        assert_eq!(date("2024-03-01") - date("2023-03-01"), 366);
        assert!(date("2024-03-01") > date("2024-02-29"));
    }

    #[test]
    fn dates_out_of_range_overflow() {
        let last = Date::from_days(i32::MAX);
        let operations: [fn(Date) -> Date; 3] =
            [|day| day.add_days(1), |day| day.add_months(1), |day| day.add_years(i32::MAX)];
        for operation in operations {
            let payload = std::panic::catch_unwind(|| operation(last)).unwrap_err();
            assert!(payload.downcast::<crate::value::Overflow>().unwrap().what.starts_with("+5881580-07-11 + "));
        }
    }
}
