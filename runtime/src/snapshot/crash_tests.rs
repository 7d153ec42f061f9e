//! Tests that each record is in the output once, on a disk that loses power and fails.
//!
//! The job calls the store and the sink in the order of `exec::checkpoints`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::{Manifest, OperatorSnapshot, StateFile, Store};
use crate::error::{Error, Result};
use crate::output::{EpochFolder, EpochSink, Target};
use crate::storage::simulated::{Fault, Simulated};
use crate::storage::{FileSystem, Kind, Location, Storage};

const SEEDS: u64 = 2_000;
const RECORDS: u64 = 40;
const TASKS: usize = 2;

/// A number below `end`.
fn random(state: &mut u64, end: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % end
}

fn storage(disk: &Simulated) -> Arc<dyn Storage> {
    Arc::new(disk.clone())
}

/// Writes the records from the newest snapshot on.
fn run_job(disk: &Simulated, state: &mut u64) -> Result<()> {
    let store = Store::folder(Location::new(storage(disk), "/job/snapshots"))?;
    let restored = store.newest()?.unwrap_or_default();
    let mut epoch = restored.epoch;
    let mut next = if epoch == 0 { 0 } else { read_state(&store, epoch)? };
    store.remove_after(epoch)?;
    let output = Target::folder("/job/out/", None).in_storage(&storage(disk));
    let folder = Arc::new(output.epoch_folder("txt".to_owned())?);
    let prepared = restored.operators.get("sink").map_or(&[][..], |sink| &sink.prepared);
    folder.recover(epoch, prepared)?;
    while next < RECORDS {
        epoch += 1;
        let prepared = write_epoch(&folder, epoch, &mut next, state)?;
        write_state(&store, epoch, next)?;
        store.complete(&manifest(epoch, &prepared))?;
        folder.commit(1, &prepared)?;
        store.remove_outdated(epoch)?;
    }
    folder.close(true);
    Ok(())
}

/// Writes some records in each task. Returns the names of the files.
fn write_epoch(folder: &Arc<EpochFolder>, epoch: u64, next: &mut u64, state: &mut u64) -> Result<Vec<String>> {
    let mut prepared = Vec::new();
    for task in 0..TASKS {
        let mut file = folder.file(task, epoch);
        let count = random(state, 4);
        for _ in 0..count {
            file.append(format!("{next}\n").as_bytes())?;
            *next += 1;
        }
        if count > 0 {
            file.seal()?;
            prepared.push(file.name().to_owned());
        }
    }
    Ok(prepared)
}

fn write_state(store: &Store, epoch: u64, next: u64) -> Result<()> {
    let mut writer = store.writer(epoch, "0-0.state")?;
    writer.append(&next.to_le_bytes())?;
    writer.append(&xxh3_64(&next.to_le_bytes()).to_le_bytes())?;
    writer.finish().map(|_| ())
}

fn read_state(store: &Store, epoch: u64) -> Result<u64> {
    let bytes = store.reader(epoch, "0-0.state").read(16)?;
    let number =
        |at: usize| bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map(|bytes| u64::from_le_bytes(*bytes));
    match (number(0), number(8)) {
        (Some(next), Some(checksum)) if checksum == xxh3_64(&next.to_le_bytes()) => Ok(next),
        _ => Err(Error::Data { path: PathBuf::from("state"), place: String::new(), message: "is damaged".to_owned() }),
    }
}

fn manifest(epoch: u64, prepared: &[String]) -> Manifest {
    let sink = OperatorSnapshot { prepared: prepared.to_vec(), ..OperatorSnapshot::default() };
    let files = vec![StateFile { state: "groups".to_owned(), name: "0-0.state".to_owned(), bytes: 16 }];
    let count = OperatorSnapshot { files, ..OperatorSnapshot::default() };
    let operators = BTreeMap::from([("sink".to_owned(), sink), ("count".to_owned(), count)]);
    Manifest { epoch, operators, ..Manifest::default() }
}

/// The records in the visible files of the output, in order.
fn output(disk: &Simulated) -> Vec<u64> {
    let folder = Location::new(storage(disk), "/job/out");
    let mut found = Vec::new();
    for entry in folder.list().unwrap().iter().filter(|entry| entry.kind == Kind::File) {
        let text = String::from_utf8(folder.join(&entry.name).read().unwrap().unwrap()).unwrap();
        found.extend(text.lines().map(|line| line.parse::<u64>().unwrap()));
    }
    found.sort_unstable();
    found
}

fn check(seed: u64) {
    let (disk, mut state) = (Simulated::new(seed), seed);
    disk.create_folder("/job".as_ref()).unwrap();
    disk.sync_folder("/".as_ref()).unwrap();
    for _ in 0..12 {
        let at = random(&mut state, 150);
        match random(&mut state, 6) {
            0 => disk.inject(Fault::Sync, random(&mut state, 20)),
            1 => disk.inject(Fault::DiskFull, random(&mut state, 20)),
            2 => disk.inject(Fault::FlippedBit, random(&mut state, 6)),
            _ => disk.fail_power_after(at),
        }
        let is_done = run_job(&disk, &mut state).is_ok();
        // Without a power failure the machine runs on, and only the program has ended.
        if disk.has_failed() || random(&mut state, 2) == 0 {
            disk.restart();
        }
        if is_done {
            break;
        }
    }
    disk.restart();
    run_job(&disk, &mut state).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert!(output(&disk).into_iter().eq(0..output(&disk).len() as u64), "seed {seed}: {:?}", output(&disk));
    assert!(output(&disk).len() as u64 >= RECORDS, "seed {seed}");
}

#[test]
fn each_record_is_in_the_output_once_after_failures() {
    (0..SEEDS).for_each(check);
}
