//! Logs whose files were swapped, truncated, removed or replaced, read from the start or after a
//! restore. Each is rejected with the name of the file, or gives the right records.
//!
//! `DAMAGED_LOGS=3000 cargo test -p tests --test recovery damaged_logs` tries more of them.

use std::fs;
use std::path::Path;

use dataflow::prelude::*;
use dataflow::{LogWriter, Options, ProgressWhen};
use tests::{Folder, Random, same_records, within_two_minutes};

use super::job::Places;
use super::refused::{end, on_demand, start};

const SPLITS: usize = 3;

/// Number of damaged logs, each read in three ways.
const TRIES: u64 = 300;

#[dataflow]
fn doubled(numbers: DataStream<u64>) -> DataStream<u64> {
    numbers.map(|n| 2 * n)
}

fn double(env: &Env, places: &Places) -> dataflow::Result<()> {
    doubled(env.read_log(places.path("log"))?).write_native(places.path("doubled/"));
    Ok(())
}

/// A folder with a log, and the numbers in it. Blocks have few lengths, so blocks of different
/// splits begin at the same bytes.
struct Log {
    places: Places,
    numbers: Vec<u64>,
    writer: LogWriter<u64>,
}

impl Log {
    fn create(folder: &str, first: u64) -> Self {
        let places = Places(folder.into());
        let writer = LogWriter::create(places.path("log"), SPLITS).unwrap();
        let mut log = Log { places, numbers: Vec::new(), writer };
        log.append(first, 8);
        log
    }

    fn append(&mut self, first: u64, blocks: u64) {
        for block in 0..blocks {
            for split in 0..SPLITS {
                let number = first + 100 * block + split as u64;
                for number in [number, number + 10] {
                    self.writer.append_to(split, number).unwrap();
                    self.numbers.push(number);
                }
            }
            self.writer.flush().unwrap();
        }
    }
}

/// A log of which a job has taken a snapshot after 8 blocks of each split. Each split has 12
/// blocks.
fn log_with_snapshot(folder: &str) -> Log {
    let mut log = Log::create(folder, 0);
    let job = start(on_demand(&log.places), |env| double(env, &log.places));
    while job.metrics().source_rows < log.numbers.len() as u64 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    job.snapshot().unwrap();
    end(job);
    log.append(10_000, 4);
    log
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => _ = fs::copy(entry.path(), to.join(entry.file_name())).unwrap(),
        }
    }
}

fn split(places: &Places, number: u64) -> String {
    places.path(&format!("log/split-{number:05}.log"))
}

/// Damages a sealed log, and describes the damage.
fn damage(places: &Places, others: &[&Places], random: &mut Random) -> String {
    let (one, another) = (random.below(3), 1 + random.below(2));
    let another = (one + another) % 3;
    let (file, second) = (split(places, one), split(places, another));
    let other = others[random.below(others.len() as u64) as usize];
    let swap = |one: &str, another: &str| {
        fs::rename(one, places.path("swapped")).unwrap();
        fs::rename(another, one).unwrap();
        fs::rename(places.path("swapped"), another).unwrap();
    };
    let cut = |length: u64| fs::File::options().write(true).open(&file).unwrap().set_len(length).unwrap();
    let length = fs::metadata(&file).unwrap().len();
    // The bytes of a header and two numbers.
    let blocks = (1 + random.below(12)) * (32 + 16);
    match random.below(11) {
        0 => swap(&file, &second),
        1 => swap(&file, &split(other, one)),
        2 => _ = fs::copy(&second, &file).unwrap(),
        3 => _ = fs::copy(split(other, another), &file).unwrap(),
        4 => cut(0),
        5 => cut(length.saturating_sub(32 + blocks)),
        6 => cut(random.below(length)),
        7 => fs::remove_file(&file).unwrap(),
        8 => fs::remove_file(places.path("log/log.end")).unwrap(),
        9 => _ = fs::copy(other.path("log/log.end"), places.path("log/log.end")).unwrap(),
        _ => _ = fs::copy(&file, split(places, 3)).unwrap(),
    }
    format!("split {one} of {length} bytes, and split {another} of {}", other.0.display())
}

fn quiet() -> Env {
    Env::new(Options { parallelism: 2, progress: ProgressWhen::Never, ..Options::default() })
}

/// Checks a job's outcome: either the right result, or an error that names a file of the log.
fn check(outcome: dataflow::Result<Vec<u64>>, expected: &[u64], damage: &str, log: &str) -> bool {
    match outcome {
        Ok(found) => {
            same_records(damage, found, expected.to_vec());
            false
        }
        Err(error) => {
            let error = error.to_string();
            let names_file = ["split-0", "log.end"].iter().any(|file| error.contains(&format!("{log}/{file}")));
            assert!(names_file, "{damage}: {error}");
            true
        }
    }
}

fn restored(places: &Places) -> dataflow::Result<Vec<u64>> {
    let env = Env::new(on_demand(places));
    double(&env, places)?;
    env.run()?;
    quiet().read_native(places.path("doubled/"))?.collect()
}

fn followed(places: &Places) -> dataflow::Result<Vec<u64>> {
    let (env, output) = (quiet(), places.path("followed"));
    doubled(env.read_log(places.path("log"))?).write_native(&output);
    env.run()?;
    quiet().read_native(output)?.collect()
}

#[test]
fn damaged_logs_are_refused_with_the_file_or_read_right() {
    within_two_minutes("damaged logs", || {
        let tries = std::env::var("DAMAGED_LOGS").map_or(TRIES, |tries| tries.parse().unwrap());
        let folder = Folder::default();
        let log = log_with_snapshot(&folder.join("log"));
        // Logs with the same and with other records, all at the same byte positions.
        let others = [log_with_snapshot(&folder.join("same")), Log::create(&folder.join("other"), 5_000)];
        let sealed = |log: Log| {
            log.writer.seal_all().unwrap();
            log.places
        };
        let (numbers, log, others) = (log.numbers.clone(), sealed(log), others.map(sealed));
        let doubled: Vec<u64> = numbers.iter().map(|number| 2 * number).collect();
        let mut refused = 0;
        for seed in 0..tries {
            let copies = ["try", "try-same", "try-other"].map(|name| Places(folder.path().join(name)));
            for (from, to) in [&log, &others[0], &others[1]].into_iter().zip(&copies) {
                copy(&from.0, &to.0);
            }
            let mut random = Random(seed);
            let damage = damage(&copies[0], &[&copies[1], &copies[2]], &mut random);
            let (path, damage) = (copies[0].path("log"), format!("seed {seed}: {damage}"));
            let to_end = quiet().read_log_to_end::<u64>(&path).and_then(|numbers| numbers.collect());
            let outcomes = [
                check(to_end, &numbers, &damage, &path),
                check(followed(&copies[0]), &doubled, &damage, &path),
                check(restored(&copies[0]), &doubled, &damage, &path),
            ];
            refused += outcomes.iter().filter(|&&is_refused| is_refused).count() as u64;
            copies.iter().for_each(|copy| fs::remove_dir_all(&copy.0).unwrap());
        }
        // All of these are damage of a sealed log.
        assert_eq!(refused, 3 * tries);
    });
}

/// The split has its old length, and its blocks start at the old positions.
#[test]
fn a_truncated_and_extended_split_is_rejected() {
    within_two_minutes("a split that was cut and grew", || {
        let folder = Folder::default();
        let log = log_with_snapshot(&folder.join(""));
        let (places, file) = (log.places.clone(), split(&log.places, 1));
        drop(log);
        let length = fs::metadata(&file).unwrap().len();
        fs::File::options().write(true).open(&file).unwrap().set_len(length - 8 * 48).unwrap();
        let mut writer = LogWriter::<u64>::open(places.path("log"), SPLITS).unwrap();
        for block in 0..8_u64 {
            writer.append_to(1, 70_000 + block).unwrap();
            writer.append_to(1, 80_000 + block).unwrap();
            writer.flush().unwrap();
        }
        assert_eq!(fs::metadata(&file).unwrap().len(), length);
        writer.seal_all().unwrap();
        let error = restored(&places).unwrap_err().to_string();
        assert!(error.contains(&file) && error.contains("is not the one that the snapshot has read"), "{error}");
    });
}

#[test]
fn a_recreated_log_is_rejected_after_a_restore() {
    within_two_minutes("a log that was made again", || {
        let folder = Folder::default();
        let log = log_with_snapshot(&folder.join(""));
        let places = log.places.clone();
        drop(log);
        fs::remove_dir_all(places.path("log")).unwrap();
        let mut again = Log::create(&folder.join(""), 0);
        again.append(10_000, 4);
        again.writer.seal_all().unwrap();
        let error = restored(&places).unwrap_err().to_string();
        assert!(error.contains(&split(&places, 0)) && error.contains("taken of another log"), "{error}");
    });
}

/// A split of an open log is shorter than its position in the snapshot.
#[test]
fn a_split_cut_below_its_position_is_rejected() {
    within_two_minutes("a split that was cut", || {
        for length in [0, 40, 200] {
            let folder = Folder::default();
            let log = log_with_snapshot(&folder.join(""));
            let file = split(&log.places, 2);
            fs::File::options().write(true).open(&file).unwrap().set_len(length).unwrap();
            let error = restored(&log.places).unwrap_err().to_string();
            assert!(error.contains(&file) && error.contains("it was cut off"), "{error}");
        }
    });
}
