//! Fields of times, units, zones and forms, beside the library's own calendar.

use super::*;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const UNITS: [TimeUnit; 9] = [
    TimeUnit::Millisecond,
    TimeUnit::Second,
    TimeUnit::Minute,
    TimeUnit::Hour,
    TimeUnit::Day,
    TimeUnit::Week,
    TimeUnit::Month,
    TimeUnit::Quarter,
    TimeUnit::Year,
];

#[test]
fn fields_agree_with_the_librarys_calendar() {
    for step in -4000..4000_i64 {
        let time = Timestamp::from_micros(step * 77_777_777_777_777 / 2);
        let other = jiff::Timestamp::from_microsecond(time.micros()).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
        let fields = (time.hour(), time.minute(), time.second(), time.micros_of_second(), time.weekday());
        let expected = (
            other.hour() as u32,
            other.minute() as u32,
            other.second() as u32,
            (other.subsec_nanosecond() / 1000) as u32,
            other.weekday().to_monday_one_offset() as u32,
        );
        assert_eq!(fields, expected, "{time}");
        assert_eq!(time.date().weekday(), time.weekday());
        let months = (step % 500) as i32;
        let later = other.checked_add(jiff::Span::new().months(months)).unwrap();
        assert_eq!(time.add_months(months).micros(), later.timestamp().as_microsecond(), "{time} + {months}");
    }
}

#[test]
fn units_begin_where_people_say() {
    let begins = [
        "2024-08-29T12:34:56.789Z",
        "2024-08-29T12:34:56Z",
        "2024-08-29T12:34:00Z",
        "2024-08-29T12:00:00Z",
        "2024-08-29T00:00:00Z",
        "2024-08-26T00:00:00Z",
        "2024-08-01T00:00:00Z",
        "2024-07-01T00:00:00Z",
        "2024-01-01T00:00:00Z",
    ];
    let at = time("2024-08-29T12:34:56.789123");
    for (unit, begin) in UNITS.into_iter().zip(begins) {
        assert_eq!(at.truncate(unit).to_string(), begin, "{unit:?}");
        assert_eq!(at.date().truncate(unit), time(begin).date(), "{unit:?}");
    }
    assert_eq!(time("1969-12-31T23:59:59.5").truncate(TimeUnit::Second), time("1969-12-31T23:59:59"));
    assert_eq!(time("2024-01-31T06:00").add_months(1), time("2024-02-29T06:00"));
    assert_eq!(time("2024-02-29T06:00").add_years(-1), time("2023-02-28T06:00"));
    assert_eq!(Date::from_iso("2024-02-29").unwrap().midnight(), time("2024-02-29"));
}

#[test]
fn before_the_first_and_past_the_last_is_an_overflow() {
    let all: [fn() -> Timestamp; 5] = [
        || Timestamp::from_micros(i64::MIN).truncate(TimeUnit::Year),
        || Timestamp::from_micros(i64::MIN).truncate(TimeUnit::Second),
        || Timestamp::from_micros(i64::MAX).add_months(1),
        || Date::from_days(i32::MAX).midnight(),
        || Timestamp::from_micros(i64::MAX).in_zone(&Zone::named("Europe/Berlin").unwrap()).clock(),
    ];
    for operation in all {
        assert!(std::panic::catch_unwind(operation).unwrap_err().is::<Overflow>());
    }
}

#[test]
fn clocks_show_what_they_show_in_their_zone() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let at = |text: &str| time(text).in_zone(&berlin).to_string();
    assert_eq!(at("2024-03-31T00:59:59Z"), "2024-03-31T01:59:59+01:00");
    assert_eq!(at("2024-03-31T01:00:00Z"), "2024-03-31T03:00:00+02:00");
    let new_york = Zone::named("America/New_York").unwrap();
    let local = time("2024-03-01T02:30:15Z").in_zone(&new_york);
    let fields = (local.hour(), local.minute(), local.second(), local.weekday(), local.offset());
    assert_eq!(fields, (21, 30, 15, 4, TimeDelta::from_hours(-5)));
    assert_eq!(local.date().to_string(), "2024-02-29");
    assert_eq!(local.truncate(TimeUnit::Day).to_string(), "2024-02-29T05:00:00Z");
    assert_eq!(local.truncate(TimeUnit::Month).to_string(), "2024-02-01T05:00:00Z");
    assert_eq!(local.add_months(1).to_string(), "2024-03-30T01:30:15Z", "summer time");
    let error = Zone::named("Europe/Atlantis").unwrap_err().to_string();
    assert_eq!(error, "expected a time zone of the IANA database, like Europe/Berlin, found `Europe/Atlantis`");
    assert_eq!(time("2024-02-29T12:00").in_zone(&Zone::utc()).to_string(), "2024-02-29T12:00:00+00:00");
}

#[test]
fn an_hour_that_comes_twice_is_two_hours_and_one_that_does_not_come_is_later() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    for (text, begin) in [("2024-10-27T00:30Z", "2024-10-27T00:00Z"), ("2024-10-27T01:30Z", "2024-10-27T01:00Z")] {
        let local = time(text).in_zone(&berlin);
        assert_eq!((local.hour(), local.truncate(TimeUnit::Hour)), (2, time(begin)));
    }
    assert_eq!(time("2024-10-27T02:30").replace_zone(&berlin), time("2024-10-27T00:30Z"));
    assert_eq!(time("2024-03-31T02:30").replace_zone(&berlin), time("2024-03-31T01:30Z"));
    // The day on which this zone's clocks went on at midnight.
    let sao_paulo = Zone::named("America/Sao_Paulo").unwrap();
    let noon = time("2018-11-04T15:00Z").in_zone(&sao_paulo);
    assert_eq!(noon.truncate(TimeUnit::Day), time("2018-11-04T03:00Z"));
}

#[test]
fn zones_beyond_the_librarys_years_are_as_at_its_limits() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    for micros in [i64::MIN / 2, i64::MAX / 2, i64::MAX - 100_000_000_000] {
        let local = Timestamp::from_micros(micros).in_zone(&berlin);
        assert!(local.offset().abs() <= TimeDelta::from_hours(1), "{local}");
        assert_eq!(local.clock().replace_zone(&berlin), local.timestamp());
    }
}

#[test]
fn own_forms_are_read_and_written() {
    for (text, format, expected) in [
        ("29.02.2024 12:34", "%d.%m.%Y %H:%M", "2024-02-29T12:34:00Z"),
        ("02/29/24", "%m/%d/%y", "2024-02-29T00:00:00Z"),
        ("29/Feb/2024:12:34:56 +0200", "%d/%b/%Y:%H:%M:%S %z", "2024-02-29T10:34:56Z"),
        ("2024-02-29 12:34:56.123456789", "%Y-%m-%d %H:%M:%S%.f", "2024-02-29T12:34:56.123456Z"),
        ("1709210096", "%s", "2024-02-29T12:34:56Z"),
        ("2024-07-01 12:00 Europe/Berlin", "%Y-%m-%d %H:%M %Q", "2024-07-01T10:00:00Z"),
    ] {
        assert_eq!(Timestamp::parse_from(text, format).unwrap().to_string(), expected, "{text}");
    }
    assert_eq!(Date::parse_from("29.2.2024", "%d.%m.%Y").unwrap().to_string(), "2024-02-29");
    assert_eq!(
        Date::parse_from("29.2.2024", "%d.%m.%Y").unwrap().format_as("%A, %-d %B").unwrap(),
        "Thursday, 29 February"
    );
    assert_eq!(time("2024-02-29T12:34:56.5").format_as("%d.%m.%Y %H:%M:%S%.f").unwrap(), "29.02.2024 12:34:56.5");
    for (text, format) in [("29.02.2023", "%d.%m.%Y"), ("29.02.2024 x", "%d.%m.%Y"), ("12:34", "%H:%M"), ("x", "%!")] {
        let error = Timestamp::parse_from(text, format).unwrap_err().to_string();
        assert!(error.contains(format) && error.contains(text), "{error}");
    }
    assert!(Date::from_days(i32::MAX).format_as("%Y").is_err());
}

#[test]
fn forms_are_checked_before_they_are_used() {
    assert!(TimeFormat::new("%d.%m.%Y", false).is_ok());
    assert!(TimeFormat::new("%d.%m.%Y", true).is_ok());
    assert!(TimeFormat::new("%d.%m.%Y %H:%M %z", true).is_ok());
    for (format, with_time) in [("%H:%M", true), ("%m.%Y", false), ("%!", true), ("", true), ("%", false)] {
        let reason = TimeFormat::new(format, with_time).unwrap_err();
        assert!(reason.starts_with(&format!("the format `{format}` ")), "{reason}");
    }
}
