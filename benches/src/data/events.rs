//! Events of a million keys over ten minutes of event time, in a log and in a file of pairs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use dataflow::LogWriter;
use dataflow::prelude::*;

use super::random::random;
use super::{write_once, write_rows};
use crate::error::{Error, Result};

const KEY_SEED: u64 = 0x5EED_0011;
const LATE_SEED: u64 = 0x5EED_0012;

/// Number of splits of the log.
const SPLITS: usize = 4;

/// The first event time: 2026-01-01.
const BEGIN_MICROS: i64 = 1_767_225_600_000_000;

/// Event time from the first event to the last.
const SPAN_MICROS: u64 = 10 * 60_000_000;

/// The lateness that every system allows.
pub(crate) const LATENESS_MICROS: i64 = 5_000_000;

/// Length of a window.
pub(crate) const WINDOW_MICROS: i64 = 60_000_000;

/// Bytes of an event in the file.
pub(crate) const EVENT_BYTES: usize = 12;

/// Maximum distance of an event to the events before it. No event is late.
const MAX_OUT_OF_ORDER_MICROS: u64 = 4_000_000;

/// An event.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Event {
    /// Uniform over all keys.
    pub(crate) key: u32,
    /// The event time.
    pub(crate) time: Timestamp,
}

/// The size of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventCount {
    /// Number of events.
    pub(crate) events: u64,
    /// Number of keys. At scale 1 each has events in each minute.
    pub(crate) keys: u64,
}

impl EventCount {
    /// 50 M events of 1 M keys at scale 1.
    pub(crate) fn of_scale(scale: f64) -> Self {
        Self { events: (5e7 * scale) as u64, keys: ((1e6 * scale) as u64).max(1) }
    }

    /// All events in order.
    fn each(self) -> impl Iterator<Item = Event> {
        (0..self.events).map(move |number| {
            let passed = u128::from(number) * u128::from(SPAN_MICROS) / u128::from(self.events);
            let behind = random(LATE_SEED, number) % MAX_OUT_OF_ORDER_MICROS;
            let time = Timestamp::from_micros(BEGIN_MICROS + passed as i64 - behind as i64);
            Event { key: (random(KEY_SEED, number) % self.keys) as u32, time }
        })
    }
}

/// The path of the log.
pub(crate) fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// The path of the log's events as binary records: key and microseconds, 12 bytes each,
/// little-endian. For systems that do not read logs.
pub(crate) fn binary(folder: &Path) -> PathBuf {
    folder.join("events.bin")
}

/// Generates the sealed log and the file.
///
/// # Errors
/// Fails if one cannot be written.
pub(crate) fn ensure(folder: &Path, count: EventCount) -> Result<()> {
    write_once(&log(folder), |partial| {
        let mut log = LogWriter::create(partial, SPLITS).map_err(Error::of_case)?;
        count.each().try_for_each(|event| log.append(event)).map_err(Error::of_case)?;
        // Only synced pages can be dropped from the page cache.
        log.sync().map_err(Error::of_case)?;
        log.seal_all().map_err(Error::of_case)
    })?;
    write_once(&binary(folder), |partial| write_rows(partial, count.each().map(bytes_of)))
}

fn bytes_of(event: Event) -> [u8; EVENT_BYTES] {
    let mut bytes = [0; EVENT_BYTES];
    bytes[..4].copy_from_slice(&event.key.to_le_bytes());
    bytes[4..].copy_from_slice(&event.time.micros().to_le_bytes());
    bytes
}

/// Drops a file, or the files of a folder, from the page cache. The next reader reads from the
/// disk.
///
/// # Errors
/// Fails if one cannot be opened.
pub(crate) fn drop_from_page_cache(path: &Path) -> Result<()> {
    let drop_from_page_cache = |file: &Path| -> io::Result<()> {
        Ok(rustix::fs::fadvise(File::open(file)?, 0, None, rustix::fs::Advice::DontNeed)?)
    };
    if !path.is_dir() {
        return drop_from_page_cache(path).map_err(Error::io("drop from the page cache", path));
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(Error::io("read the folder", path))?;
    entries
        .iter()
        .try_for_each(|entry| drop_from_page_cache(&entry.path()))
        .map_err(Error::io("drop from the page cache", path))
}

#[cfg(test)]
mod tests {
    use dataflow::Options;

    use super::*;

    #[test]
    fn log_and_file_have_the_events_and_none_is_late() {
        let folder = tempfile::tempdir().unwrap();
        let count = EventCount { events: 5_000, keys: 100 };
        ensure(folder.path(), count).unwrap();
        let expected: Vec<Event> = count.each().collect();
        let bytes: Vec<u8> = expected.iter().copied().flat_map(bytes_of).collect();
        assert_eq!(fs::read(binary(folder.path())).unwrap(), bytes);
        drop_from_page_cache(&log(folder.path())).unwrap();
        drop_from_page_cache(&binary(folder.path())).unwrap();
        let env = Env::new(Options { parallelism: 1, ..Options::default() });
        let log = log(folder.path());
        let mut found = env.read_log_to_end::<Event>(log.to_string_lossy()).unwrap().collect().unwrap();
        let by_time = |event: &Event| (event.time, event.key);
        found.sort_unstable_by_key(by_time);
        let mut sorted = expected.clone();
        sorted.sort_unstable_by_key(by_time);
        assert_eq!(found, sorted);
        let mut furthest = i64::MIN;
        for event in &expected {
            furthest = furthest.max(event.time.micros());
            assert!(furthest - event.time.micros() < LATENESS_MICROS);
        }
    }
}
