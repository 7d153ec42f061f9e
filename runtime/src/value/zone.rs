//! Time zones, and local times in them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp as Instant;
use jiff::tz::{Offset, TimeZone};

use super::date::Date;
use super::parse::ParseValueError;
use super::time_delta::TimeDelta;
use super::time_unit::{SECOND, TimeUnit};
use super::timestamp::{Timestamp, instant};

/// A time zone of the IANA database. The system's database is used, or if there is none, the one
/// that is built in.
///
/// [`Zone::named`] reads the database. Call it once, before the pipeline, and move the zone into
/// closures. A clone only increments a counter.
///
/// ```
/// use runtime::value::{Timestamp, Zone};
///
/// let berlin = Zone::named("Europe/Berlin")?;
/// let time: Timestamp = "2024-07-01T22:30Z".parse()?;
/// let local = time.in_zone(&berlin);
/// assert_eq!((local.date().to_string().as_str(), local.hour()), ("2024-07-02", 0));
/// assert_eq!(local.to_string(), "2024-07-02T00:30:00+02:00");
/// # Ok::<(), runtime::value::ParseValueError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of a name such as `Europe/Berlin`.
    ///
    /// # Errors
    /// Fails if the database has no such name.
    pub fn named(name: &str) -> Result<Self, ParseValueError> {
        let known = "a time zone of the IANA database, like Europe/Berlin";
        TimeZone::get(name).map(Zone).map_err(|_| ParseValueError::new(known, name))
    }

    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Zone(TimeZone::UTC)
    }

    /// Offset of the zone's clocks from UTC. Positive if they are ahead.
    fn offset_at(&self, time: Timestamp) -> TimeDelta {
        micros_of(self.0.to_offset(library_instant(time)))
    }

    /// The last instant up to `time` at which the zone's clocks were moved. `None` if they never
    /// were.
    fn last_change(&self, time: Timestamp) -> Option<Timestamp> {
        let mut changes =
            self.0.preceding(library_instant(time + MICROSECOND)).map(|change| instant(change.timestamp()));
        changes.find(|&change| self.offset_at(change) != self.offset_at(change - MICROSECOND))
    }

    /// The first instant at which the zone's clocks show `clock`. If they skip it, the instant at
    /// which they were moved past it.
    fn first_instant(&self, clock: Timestamp) -> Timestamp {
        let time = clock.replace_zone(self);
        let is_skipped = time + self.offset_at(time) != clock;
        if is_skipped { self.last_change(time).unwrap_or(time) } else { time }
    }
}

const MICROSECOND: TimeDelta = TimeDelta::from_micros(1);

fn micros_of(offset: Offset) -> TimeDelta {
    TimeDelta::from_micros(i64::from(offset.seconds()) * SECOND)
}

/// Converts to an instant of the library, whose years have four digits. Instants out of its range
/// become its first or last, because zones do not change there.
fn library_instant(time: Timestamp) -> Instant {
    let (least, most) = (Instant::MIN.as_microsecond(), Instant::MAX.as_microsecond());
    Instant::from_microsecond(time.micros().clamp(least, most)).unwrap_or_default()
}

impl FromStr for Zone {
    type Err = ParseValueError;

    fn from_str(name: &str) -> Result<Self, ParseValueError> {
        Zone::named(name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// An instant as clocks and calendars show it in a zone.
#[derive(Clone, Copy)]
pub struct LocalTime<'z> {
    time: Timestamp,
    /// The local time, as if it were UTC.
    clock: Timestamp,
    zone: &'z Zone,
}

impl LocalTime<'_> {
    /// The instant.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.time
    }

    /// The local time without its zone, as if it were UTC. For results that have local times.
    #[must_use]
    pub const fn clock(self) -> Timestamp {
        self.clock
    }

    /// Offset from UTC. Positive if the clock is ahead.
    #[must_use]
    pub fn offset(self) -> TimeDelta {
        self.clock - self.time
    }

    /// The local day.
    #[must_use]
    pub const fn date(self) -> Date {
        self.clock.date()
    }

    /// The local hour of the day, from 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u32 {
        self.clock.hour()
    }

    /// The local minute of the hour, from 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u32 {
        self.clock.minute()
    }

    /// The local second of the minute, from 0 to 59.
    #[must_use]
    pub const fn second(self) -> u32 {
        self.clock.second()
    }

    /// The local day of the week: 1 is Monday, 7 is Sunday.
    #[must_use]
    pub const fn weekday(self) -> u32 {
        self.clock.weekday()
    }

    /// The first instant of the `unit` that contains the local time.
    ///
    /// A unit that clocks show twice in a night counts as two units. If clocks were moved past the
    /// begin of the unit, it begins at the instant of that change. If they were moved back into a
    /// unit, it continues. In `Australia/Lord_Howe`, clocks move by half an hour, so one hour of
    /// autumn has 90 minutes.
    ///
    /// A day, week, month, quarter or year begins once: at the first instant of its first day.
    #[must_use]
    #[track_caller]
    pub fn truncate(self, unit: TimeUnit) -> Timestamp {
        let begin = self.clock.truncate(unit);
        if unit.micros().is_none() {
            return self.zone.first_instant(begin);
        }
        let mut local = self;
        loop {
            let time = local.time - (local.clock - begin);
            if self.zone.offset_at(time) == local.offset() {
                return time;
            }
            let Some(change) = self.zone.last_change(local.time) else { return time };
            local = (change - MICROSECOND).in_zone(self.zone);
            if local.clock.truncate(unit) != begin {
                return change;
            }
        }
    }

    /// The instant with the same local time of day `months` months later. On the last day of the
    /// month if it has no such day.
    #[must_use]
    #[track_caller]
    pub fn add_months(self, months: i32) -> Timestamp {
        self.clock.add_months(months).replace_zone(self.zone)
    }
}

impl fmt::Display for LocalTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = self.clock.text();
        let minutes = self.offset().minutes();
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.unsigned_abs();
        write!(f, "{}{sign}{:02}:{:02}", clock.as_str().trim_end_matches('Z'), minutes / 60, minutes % 60)
    }
}

impl fmt::Debug for LocalTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}[{:?}]", self.zone)
    }
}

impl Timestamp {
    /// The local time of this instant in a zone. Before the year -9999 and after 9999, zones have
    /// the offsets of these years.
    ///
    /// Panics with [`Overflow`](super::Overflow) if the local time is out of range, up to a day
    /// from the first or last instant.
    #[must_use]
    #[track_caller]
    pub fn in_zone(self, zone: &Zone) -> LocalTime<'_> {
        LocalTime { time: self, clock: self + zone.offset_at(self), zone }
    }

    /// The instant whose local time in `zone` is this timestamp's time in UTC. For times that were
    /// stored without their zone. If clocks show the time twice, it is the first instant. If they
    /// skip it, the result is later by the length of the gap.
    ///
    /// ```
    /// use runtime::value::{Timestamp, Zone};
    ///
    /// let written: Timestamp = "2024-07-01 12:00".parse()?;
    /// let berlin = Zone::named("Europe/Berlin")?;
    /// assert_eq!(written.replace_zone(&berlin).to_string(), "2024-07-01T10:00:00Z");
    /// # Ok::<(), runtime::value::ParseValueError>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn replace_zone(self, zone: &Zone) -> Self {
        let clock = library_instant(self);
        let found = zone.0.to_ambiguous_timestamp(Offset::UTC.to_datetime(clock)).compatible();
        // Near the library's first and last instant there may be none. The offset there is good
        // enough.
        let offset = found.map_or_else(|_| zone.offset_at(self), |found| instant(clock) - instant(found));
        self - offset
    }
}
