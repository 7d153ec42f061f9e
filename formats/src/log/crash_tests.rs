//! Logs on a disk that loses power and fails. No synced record is lost, and none is read twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use super::{LogSource, LogSplits};
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::row::{Datum, LeafSet, LeafType, Schema, SchemaBuilder};
use runtime::source::{NoFilters, ReadProgress, ReaderContext, Scan, Source};
use runtime::storage::simulated::{Fault, Simulated};
use runtime::storage::{FileMode, FileSystem, Location};

const SEEDS: u64 = 2_000;
const RECORDS: u64 = 60;

/// Returns a pseudo-random number below `end`.
fn random(state: &mut u64, end: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % end
}

fn location(disk: &Simulated) -> Location {
    Location::new(Arc::new(disk.clone()), "/data/log")
}

fn schema() -> Schema {
    SchemaBuilder::build(|builder| builder.leaf(LeafType::U64))
}

/// Returns all records of a log of one split, or `None` if there is no log.
fn records(disk: &Simulated) -> Result<Option<Vec<u64>>> {
    let (schema, location) = (schema(), location(disk));
    if !matches!(location.join("split-00000.log").info(), Ok(Some(_))) {
        return Ok(None);
    }
    let source = LogSource::to_end(location, &schema)?;
    let scan = Scan { live: LeafSet::all(1), bounds: Vec::new() };
    let context = ReaderContext::on_this_thread(Memory::unbounded("a test"));
    let (mut reader, mut found) = (source.reader(&scan, context)?, Vec::new());
    for split in source.splits(&scan)?.splits {
        reader.open(&split, None)?;
        while let ReadProgress::Batch { .. } = reader.advance(&mut NoFilters)? {
            let batch = reader.batch()?;
            found.extend((0..batch.rows()).map(|row| batch.leaf_bits(0, row) as u64));
        }
    }
    Ok(Some(found))
}

/// Appends the next records, and stores the number of durable records in `synced`.
fn append(disk: &Simulated, random_state: &mut u64, synced: &mut u64) -> Result<()> {
    let schema = schema();
    let found = match records(disk) {
        // The message advises to seal the log again.
        Err(error) if error.to_string().contains("seal the log again") => {
            return LogSplits::open(location(disk), &schema, 1)?.seal_all();
        }
        found => found?,
    };
    let (mut log, mut next) = match found {
        Some(found) => (LogSplits::open(location(disk), &schema, 1)?, found.len() as u64),
        None => (LogSplits::create(location(disk), &schema, 1)?, 0),
    };
    while next < RECORDS {
        for _ in 0..=random(random_state, 4) {
            log.rows(0)?.append_datums(&[Datum::Fixed(u128::from(next))])?;
            next += 1;
        }
        log.flush()?;
        if random(random_state, 3) == 0 {
            // A program may sync again after an error.
            log.sync().or_else(|_| log.sync())?;
            *synced = next;
        }
    }
    log.sync()?;
    *synced = next;
    log.seal_all()
}

/// Injects a random fault. Returns `true` if it is a failing sync.
fn plan_failure(disk: &Simulated, state: &mut u64) -> bool {
    let (at, kind) = (random(state, 60), random(state, 6));
    match kind {
        0 => disk.inject(Fault::Sync, random(state, 4)),
        1 => disk.inject(Fault::DiskFull, random(state, 20)),
        2 => disk.inject(Fault::FlippedBit, random(state, 20)),
        _ => disk.fail_power_after(at),
    }
    kind == 0
}

/// Truncates the split at the damage, as the messages advise. Returns `false` for other errors.
fn cut_off(disk: &Simulated, error: &Error) -> bool {
    let Error::Data { place, .. } = error else { return false };
    let Some(byte) = place.strip_prefix(", byte ").and_then(|byte| byte.parse().ok()) else { return false };
    let file = disk.open_file("/data/log/split-00000.log".as_ref(), FileMode::Write).unwrap();
    let is_shorter = byte < file.info().unwrap().bytes;
    file.set_bytes(byte).unwrap();
    file.sync().unwrap();
    is_shorter
}

/// Runs a writer that is stopped and restarted.
fn check(seed: u64) {
    let (disk, mut state, mut synced) = (Simulated::new(seed), seed, 0);
    for _ in 0..6 {
        let fails_sync = plan_failure(&disk, &mut state);
        if append(&disk, &mut state, &mut synced).is_ok() {
            break;
        }
        // Without a power failure the machine runs on, and only the program has stopped. After a
        // failed sync the machine is restarted, because the next writer cannot know which bytes the
        // disk has.
        if disk.has_failed() || fails_sync || random(&mut state, 2) == 0 {
            disk.restart();
        }
    }
    disk.restart();
    // Records that were never synced may be torn. Readers and writers report that as an error.
    let count = loop {
        match records(&disk) {
            Err(error) if cut_off(&disk, &error) => {}
            Err(error) if error.to_string().contains("seal the log again") => break u64::MAX,
            found => {
                break found
                    .unwrap_or_else(|error| panic!("seed {seed}: {error}"))
                    .map_or(0, |found| found.len() as u64);
            }
        }
    };
    assert!(count >= synced, "seed {seed}: {synced} records were synced, and there are {count}");
    while let Err(error) = append(&disk, &mut state, &mut synced) {
        // A complete log accepts no writer.
        if error.to_string().contains("the log is complete") {
            break;
        }
        assert!(cut_off(&disk, &error), "seed {seed}: {error}");
    }
    let found = records(&disk).unwrap_or_else(|error| panic!("seed {seed}: {error}")).unwrap_or_default();
    assert!(found.len() as u64 >= RECORDS, "seed {seed}");
    assert!(found.iter().copied().eq(0..found.len() as u64), "seed {seed}: {found:?}");
}

#[test]
fn synced_records_survive_failures_once() {
    (0..SEEDS).for_each(check);
}

/// A block at a wrong offset is never read, and a sync reports a file without its last block.
#[test]
fn misdirected_writes_are_errors() {
    let (mut intact, mut detected) = (0, 0);
    for seed in 0..SEEDS {
        let (disk, mut state, mut synced) = (Simulated::new(seed), seed, 0);
        disk.inject(Fault::Misdirected, random(&mut state, 40));
        let written = append(&disk, &mut state, &mut synced);
        match records(&disk) {
            Ok(found) => {
                let found = found.unwrap_or_default();
                assert!(found.iter().copied().eq(0..found.len() as u64), "seed {seed}: {found:?}");
                assert!(found.len() as u64 >= synced, "seed {seed}: {synced} records were synced: {found:?}");
                intact += 1;
            }
            Err(Error::Data { .. }) => detected += 1,
            Err(error) => panic!("seed {seed}: {error}, {written:?}"),
        }
    }
    assert!(intact > SEEDS / 20 && detected > SEEDS / 20, "{intact} intact, {detected} detected");
}

/// The first read may see bytes of a tail that a writer was replacing.
#[test]
fn damaged_blocks_are_read_a_second_time() {
    let disk = Simulated::new(1);
    let mut log = LogSplits::create(location(&disk), &schema(), 1).unwrap();
    log.rows(0).unwrap().append_datums(&[Datum::Fixed(7)]).unwrap();
    log.flush().unwrap();
    let (source, scan) =
        (LogSource::to_end(location(&disk), &schema()).unwrap(), Scan { live: LeafSet::all(1), bounds: Vec::new() });
    let context = ReaderContext::on_this_thread(Memory::unbounded("a test"));
    let mut reader = source.reader(&scan, context).unwrap();
    let split = source.splits(&scan).unwrap().splits.remove(0);
    for is_damaged in [false, true] {
        reader.open(&split, None).unwrap();
        disk.inject(Fault::FlippedBit, if is_damaged { 1 } else { 0 });
        let read = (0..2).map(|_| reader.advance(&mut NoFilters)).collect::<Result<Vec<_>>>();
        disk.inject(Fault::FlippedBit, u64::MAX);
        let expected = vec![ReadProgress::Batch { left_out: None }, ReadProgress::End];
        assert_eq!(read.ok(), Some(expected));
    }
}
