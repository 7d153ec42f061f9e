//! Tests of fields, units, zones and forms of time, partly against the calendar of `jiff`.

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
fn units_begin_at_calendar_boundaries() {
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
fn instants_out_of_range_overflow() {
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
fn local_times_follow_their_zone() {
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
fn repeated_hours_count_twice_and_skipped_hours_are_later() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    for (text, begin) in [("2024-10-27T00:30Z", "2024-10-27T00:00Z"), ("2024-10-27T01:30Z", "2024-10-27T01:00Z")] {
        let local = time(text).in_zone(&berlin);
        assert_eq!((local.hour(), local.truncate(TimeUnit::Hour)), (2, time(begin)));
    }
    assert_eq!(time("2024-10-27T02:30").replace_zone(&berlin), time("2024-10-27T00:30Z"));
    assert_eq!(time("2024-03-31T02:30").replace_zone(&berlin), time("2024-03-31T01:30Z"));
    // On this day the clocks of this zone were moved forward at midnight.
    let sao_paulo = Zone::named("America/Sao_Paulo").unwrap();
    let noon = time("2018-11-04T15:00Z").in_zone(&sao_paulo);
    assert_eq!(noon.truncate(TimeUnit::Day), time("2018-11-04T03:00Z"));
}

#[test]
fn local_hours_begin_at_their_first_instant() {
    let lord_howe = Zone::named("Australia/Lord_Howe").unwrap();
    for (text, begin) in [
        // From 02:00+10:30 to 02:30+11:00.
        ("2023-10-01T02:40+11:00", "2023-10-01T02:30+11:00"),
        ("2023-10-01T03:10+11:00", "2023-10-01T03:00+11:00"),
        ("2023-10-01T01:59+10:30", "2023-10-01T01:00+10:30"),
        // From 02:00+11:00 to 01:30+10:30.
        ("2023-04-02T01:40+11:00", "2023-04-02T01:00+11:00"),
        ("2023-04-02T01:40+10:30", "2023-04-02T01:00+11:00"),
        ("2023-04-02T02:10+10:30", "2023-04-02T02:00+10:30"),
    ] {
        assert_eq!(time(text).in_zone(&lord_howe).truncate(TimeUnit::Hour), time(begin), "{text}");
    }
    // Clocks went from 23:30 to 00:30 of the next day.
    let toronto = Zone::named("America/Toronto").unwrap();
    let noon = time("1919-03-31T12:00-04:00").in_zone(&toronto);
    assert_eq!(noon.truncate(TimeUnit::Day), time("1919-03-31T00:30-04:00"));
    assert_eq!(
        time("1919-03-31T00:40-04:00").in_zone(&toronto).truncate(TimeUnit::Hour),
        time("1919-03-31T00:30-04:00")
    );
}

fn a_day_begins_after_instants_of_earlier_dates(zone: &Zone, micros: i64) {
    let local = Timestamp::from_micros(micros).in_zone(zone);
    let begin = local.truncate(TimeUnit::Day);
    assert!(begin <= local.timestamp() && begin.in_zone(zone).date() == local.date(), "{local}");
    let last = (begin - TimeDelta::from_micros(1)).in_zone(zone);
    assert!(last.date() < local.date(), "{local}");
}

/// Compares with clocks that are wound back second by second. Covers every zone of the database,
/// before and after each of its changes.
#[test]
fn truncation_agrees_with_clocks_that_are_wound_back() {
    const SECOND: i64 = 1_000_000;
    let second_of = |time: Timestamp| time.micros() / SECOND;
    let (from, to) = ("1800-01-01T00:00Z".parse().unwrap(), "2045-01-01T00:00Z".parse().unwrap());
    // Seconds from the change to the beginning of the unit, for a change of these offsets.
    let mut wound_back = std::collections::HashMap::new();
    let (mut changes, mut zones) = (0, 0);
    for name in jiff::tz::db().available() {
        let transitions = jiff::tz::TimeZone::get(name.as_str()).unwrap();
        let zone = Zone::named(name.as_str()).unwrap();
        zones += 1;
        let mut before = i64::from(transitions.to_offset(from).seconds());
        for change in transitions.following(from).take_while(|change| change.timestamp() < to) {
            let (at, after) = (change.timestamp().as_second(), i64::from(change.offset().seconds()));
            changes += usize::from(before != after);
            for (unit, length) in [(TimeUnit::Second, 1), (TimeUnit::Minute, 60), (TimeUnit::Hour, 3600)] {
                for later in [-3599, -1, 0, 1, 59, 60, 600, 1799, 1800, 2400, 3599] {
                    let clock = |later: i64| at + later + if later < 0 { before } else { after };
                    let expected =
                        *wound_back.entry((at.rem_euclid(3600), before, after, length, later)).or_insert_with(|| {
                            let begin = clock(later).div_euclid(length);
                            let mut first = later;
                            while clock(first) != begin * length && clock(first - 1).div_euclid(length) == begin {
                                first -= 1;
                            }
                            first
                        });
                    let local = Timestamp::from_micros((at + later) * SECOND + 5).in_zone(&zone);
                    let begin = second_of(local.truncate(unit)) - at;
                    assert_eq!(begin, expected, "{} {local} {unit:?}", name.as_str());
                }
            }
            for later in [-1, 0, 7200, 86_399] {
                a_day_begins_after_instants_of_earlier_dates(&zone, (at + later) * SECOND);
            }
            before = after;
        }
    }
    assert!(zones > 400 && changes > 20_000, "{changes} changes in {zones} zones");
}

#[test]
fn zones_out_of_range_keep_their_last_offset() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    for micros in [i64::MIN / 2, i64::MAX / 2, i64::MAX - 100_000_000_000] {
        let local = Timestamp::from_micros(micros).in_zone(&berlin);
        assert!(local.offset().abs() <= TimeDelta::from_hours(1), "{local}");
        assert_eq!(local.clock().replace_zone(&berlin), local.timestamp());
    }
}

#[test]
fn user_defined_forms_are_parsed_and_written() {
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
    for (micros, text) in [(-1, "-1"), (-1_000_000, "-1"), (-1_500_000, "-2"), (1_500_000, "1")] {
        assert_eq!(Timestamp::from_micros(micros).format_as("%s").unwrap(), text);
    }
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
