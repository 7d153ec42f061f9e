//! Logs on a disk that loses power and fails: no record that was synced is lost, and none is read
//! twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use super::{LogSource, LogSplits};
use crate::error::Result;
use crate::memory::Memory;
use crate::row::{Datum, LeafSet, LeafType, Schema, SchemaBuilder};
use crate::source::{Ready, Scan, Source};
use crate::storage::simulated::{Fault, Simulated};
use crate::storage::Location;

const SEEDS: u64 = 2_000;
const RECORDS: u64 = 60;

/// A number below `end`.
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

/// All records of a log of one split. None if there is no log.
fn records(disk: &Simulated) -> Result<Option<Vec<u64>>> {
    let (schema, location) = (schema(), location(disk));
    if !matches!(location.join("split-00000.log").info(), Ok(Some(_))) {
        return Ok(None);
    }
    let source = LogSource::to_end(location, &schema)?;
    let scan = Scan { live: LeafSet::all(1), bounds: Vec::new() };
    let memory = Memory::unbounded("a test");
    let (mut reader, mut found) = (source.reader(&scan, &memory)?, Vec::new());
    for split in source.splits(&scan)? {
        reader.open(&split)?;
        loop {
            match reader.advance()? {
                Ready::Batch => {
                    let batch = reader.batch()?;
                    found.extend((0..batch.rows()).map(|row| batch.leaf_bits(0, row) as u64));
                }
                Ready::Starved => {
                    let bytes = reader.wants().map(|request| request.read(&memory)).transpose()?;
                    reader.supply(bytes.unwrap_or_default())?;
                }
                Ready::CaughtUp | Ready::End => break,
            }
        }
    }
    Ok(Some(found))
}

/// Appends the next records, and notes how many are durable.
fn append(disk: &Simulated, random_state: &mut u64, synced: &mut u64) -> Result<()> {
    let schema = schema();
    let (mut log, mut next) = match records(disk)? {
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

/// Fails the power, or a call, at random.
fn plan_failure(disk: &Simulated, state: &mut u64) {
    let at = random(state, 60);
    match random(state, 6) {
        0 => disk.inject(Fault::Sync, random(state, 4)),
        1 => disk.inject(Fault::DiskFull, random(state, 20)),
        2 => disk.inject(Fault::FlippedBit, random(state, 20)),
        _ => disk.fail_power_after(at),
    }
}

/// A writer that is stopped and started again. Returns `true` if the log ended damaged, with an error.
fn run(seed: u64) -> bool {
    let (disk, mut state, mut synced) = (Simulated::new(seed), seed, 0);
    for _ in 0..6 {
        plan_failure(&disk, &mut state);
        if append(&disk, &mut state, &mut synced).is_ok() {
            break;
        }
        // Without a power failure the machine runs on, and only the program has ended.
        if disk.has_failed() || random(&mut state, 2) == 0 {
            disk.restart();
        }
    }
    disk.restart();
    if let Ok(found) = records(&disk) {
        let found = found.unwrap_or_default();
        assert!(found.len() as u64 >= synced, "seed {seed}: {synced} records were synced, and there are {}", found.len());
    }
    // A log that is complete has its end, and accepts no writer.
    if let Err(error) = append(&disk, &mut state, &mut synced)
        && !error.to_string().contains("the log is complete")
    {
        assert!(error.to_string().contains("damaged"), "seed {seed}: {error}");
        return true;
    }
    let found = records(&disk).unwrap_or_else(|error| panic!("seed {seed}: {error}")).unwrap_or_default();
    assert!(found.len() as u64 >= RECORDS, "seed {seed}");
    assert!(found.iter().copied().eq(0..found.len() as u64), "seed {seed}: {found:?}");
    false
}

/// Records that were never synced may be torn in the middle of several blocks. Readers then return
/// an error.
#[test]
fn synced_records_survive_failures_once() {
    let damaged = (0..SEEDS).filter(|&seed| run(seed)).count() as u64;
    assert!(damaged < SEEDS / 20, "{damaged} logs of {SEEDS} ended damaged");
}
