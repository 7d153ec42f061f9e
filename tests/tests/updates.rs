//! Updates of groupings over streams, and their final state.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{LogWriter, Mode, OfGroups, Report};
use runtime::error::Error;
use tests::{Folder, Item, PARALLELISM, Shape, embedded, local, same_records, with_memory, within_two_minutes};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Summary {
    key: u64,
    rows: u64,
    total: i64,
    least: i64,
    last: String,
    of_greatest: String,
}

#[dataflow]
fn summaries<M: Mode>(items: Flow<Item, M>) -> Flow<Summary, M::Grouped> {
    items.group_by(|i| i.key).aggregate(|g| SummaryRef {
        key: g.key,
        rows: g.count(),
        total: g.sum(|i| i.value),
        least: g.min(|i| i.value),
        last: g.max(|i| i.text),
        of_greatest: g.max_by(|i| i.value, |i| i.text),
    })
}

#[dataflow]
fn counts<M: Mode>(items: Flow<Item, M>) -> Flow<(u64, u64), M::Grouped> {
    items.group_by(|i| i.key % 1_000).count()
}

#[dataflow]
fn sums<M: Mode>(items: Flow<Item, M>) -> Flow<(u64, i64), M::Grouped> {
    items.map(|i| (i.key % 100, i.value)).group_by(|i| i.0).sum(|i| i.1)
}

#[dataflow]
fn means<M: Mode>(items: Flow<Item, M>) -> Flow<(u64, f64), M::Grouped> {
    items.group_by(|i| i.key % 100).avg(|i| i.value)
}

#[dataflow]
fn greatest<M: Mode>(items: Flow<Item, M>) -> Flow<Item, M::Grouped> {
    items.group_by(|i| i.key).max_by(|i| (i.value, i.text))
}

/// Grouped by a computed key.
#[dataflow]
fn longest<M: Mode>(items: Flow<Item, M>) -> Flow<Item, M::Grouped> {
    items
        .group_by(|i| i.value % 50)
        .reduce(|a, b| if (a.text.len(), a.value, a.key) < (b.text.len(), b.value, b.key) { b } else { a })
}

fn log_of(path: &str, items: &[Item]) {
    let mut log = LogWriter::create(path, 3).unwrap();
    for (number, item) in items.iter().enumerate() {
        log.append_to(number % 3, item).unwrap();
        if number % 700 == 0 {
            log.flush().unwrap();
        }
    }
    log.seal_all().unwrap();
}

/// The last update of each key.
fn last<K: Ord, T>(updates: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    updates.into_iter().map(|update| (key(&update), update)).collect::<BTreeMap<K, T>>().into_values().collect()
}

/// Runs a pipeline over a log with this much memory, or with its minimum memory.
fn updates_of<T: Record>(
    log: &str,
    (parallelism, memory_bytes): (usize, Option<usize>),
    pipeline: impl Fn(DataStream<Item>) -> UpdateStream<T>,
) -> (Vec<T>, Report) {
    let folder = Folder::default();
    let run = |memory_bytes: usize| {
        let env = with_memory(parallelism, memory_bytes);
        pipeline(env.read_log(log)?).write_native(folder.join("out"));
        env.run()
    };
    let least = || match run(1).unwrap_err().cause() {
        Error::TooLittleMemory { need, .. } => *need,
        error => panic!("{error}"),
    };
    let report =
        run(memory_bytes.unwrap_or_else(least)).unwrap_or_else(|error| panic!("parallelism {parallelism}: {error}"));
    (local(1).read_native(folder.join("out")).unwrap().collect().unwrap(), report)
}

/// Checks that the last update of each key equals its group over the whole log.
fn check_updates<T: Record + Ord + Clone + Debug, K: Ord>(
    log: &str,
    memory_bytes: Option<usize>,
    stream: impl Fn(DataStream<Item>) -> UpdateStream<T>,
    set: impl Fn(DataSet<Item>) -> DataSet<T>,
    key: impl Fn(&T) -> K + Copy,
) {
    let groups = set(local(2).read_log_to_end(log).unwrap()).collect().unwrap();
    for parallelism in PARALLELISM {
        let (updates, _) = updates_of(log, (parallelism, memory_bytes), &stream);
        same_records(&format!("parallelism {parallelism}, {memory_bytes:?}"), last(updates, key), groups.clone());
    }
}

#[test]
fn the_last_update_of_each_key_is_its_group() {
    within_two_minutes("last updates", || {
        for shape in [Shape::Uniform, Shape::Zipf, Shape::OneHot, Shape::Distinct] {
            let folder = Folder::default();
            let log = folder.join("log");
            log_of(&log, &shape.items(12_000, 5));
            for memory_bytes in [Some(1 << 30), None] {
                check_updates(&log, memory_bytes, summaries, summaries, |s| s.key);
                check_updates(&log, memory_bytes, counts, counts, |c| c.0);
                check_updates(&log, memory_bytes, sums, sums, |s| s.0);
                check_updates(&log, memory_bytes, greatest, greatest, |i| i.key);
                check_updates(&log, memory_bytes, longest, longest, |i| i.value % 50);
            }
        }
    });
}

/// Creates records whose keys repeat in sequence, for this number of rounds.
fn rounds(keys: u64, rounds: u64) -> Vec<Item> {
    let item = |row: u64| {
        let key = (row % keys).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Item { key, value: 1, text: format!("{row:8} is a row whose text takes some room. ").repeat(4) }
    };
    (0..keys * rounds).map(item).collect()
}

/// In minimum memory most keys are on disk when their next records arrive.
#[test]
fn evicted_keys_are_found_again_and_updates_never_regress() {
    within_two_minutes("updates beyond memory", || {
        for parallelism in PARALLELISM {
            let folder = Folder::default();
            let log = folder.join("log");
            let (keys, times) = (30_000 * parallelism as u64, 2);
            log_of(&log, &rounds(keys, times));
            let (updates, report) = updates_of(&log, (parallelism, None), summaries);
            assert!(report.spilled_bytes() > 1 << 20, "parallelism {parallelism}: {} bytes", report.spilled_bytes());
            let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
            for update in updates {
                let before = seen.insert(update.key, update.rows).unwrap_or_default();
                assert!(before < update.rows, "parallelism {parallelism}: {update:?} behind {before}");
                assert_eq!(update.total, update.rows as i64);
            }
            assert_eq!(seen.len(), keys as usize, "parallelism {parallelism}");
            assert!(seen.values().all(|&rows| rows == times), "parallelism {parallelism}");
        }
    });
}

/// A batch emits each of its keys once.
#[test]
fn a_key_is_emitted_once_per_batch() {
    within_two_minutes("updates of few keys", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let mut writer = LogWriter::create(&log, 1).unwrap();
        Shape::Uniform.items(60_000, 3).iter().for_each(|item| writer.append(item).unwrap());
        writer.seal_all().unwrap();
        let (updates, _) = updates_of(&log, (1, Some(1 << 30)), sums);
        assert!(updates.len() > 100 && updates.len() < 60_000 / 8, "{} updates", updates.len());
    });
}

/// Groups of a quarter of a page, in minimum memory: the groups of a batch exceed the memory
/// reserved for their output.
#[test]
fn large_groups_are_emitted_in_parts() {
    within_two_minutes("updates of large groups", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let item = |row: u64| Item { key: row % 250, value: row as i64, text: format!("{row:04}").repeat(4_000) };
        log_of(&log, &(0..1_500).map(item).collect::<Vec<_>>());
        check_updates(&log, None, greatest, greatest, |i| i.key);
        check_updates(&log, None, summaries, summaries, |s| s.key);
        check_updates(&log, None, longest, longest, |i| i.value % 50);
    });
}

#[dataflow]
fn told<M: OfGroups>(counts: Flow<(u64, u64), M>, seen: Sender<(u64, u64)>) -> Flow<u64, M::Updates> {
    counts.updates().map(|c| {
        let _ = seen.send(c);
        c.1
    })
}

fn next(given: &Receiver<(u64, u64)>) -> (u64, u64) {
    given.recv_timeout(Duration::from_secs(20)).unwrap()
}

/// A group is emitted although no input ends and no further record arrives.
#[test]
fn a_group_is_emitted_when_its_records_have_arrived() {
    within_two_minutes("live updates", || {
        for parallelism in PARALLELISM {
            let (folder, (seen, given)) = (Folder::default(), channel());
            let path = folder.join("log");
            let mut log = LogWriter::create(&path, 2).unwrap();
            let output = folder.join("out");
            let job = thread::spawn(move || {
                let env = local(parallelism);
                told(counts(env.read_log(&path)?), seen).write_native(&output);
                env.run()
            });
            let mut append = |key: u64| {
                log.append(&Item { key, value: 0, text: String::new() }).unwrap();
                log.flush().unwrap();
            };
            for round in 1..4 {
                for key in [5, 7] {
                    append(key);
                    assert_eq!(next(&given), (key, round), "parallelism {parallelism}");
                }
            }
            log.seal_all().unwrap();
            job.join().unwrap().unwrap();
            assert!(given.recv().is_err(), "nothing is given twice");
        }
    });
}

#[dataflow]
fn counts_by_key<M: Mode>(items: Flow<Item, M>) -> Flow<(u64, u64), M::Grouped> {
    items.group_by(|i| (i.key, i.text)).aggregate(|g| (g.key.0, g.count()))
}

/// Groups that wait for state on disk are emitted while no other input arrives.
#[test]
fn groups_on_disk_are_emitted_while_no_input_arrives() {
    within_two_minutes("live updates of groups on disk", || {
        let (folder, (seen, given)) = (Folder::default(), channel());
        let path = folder.join("log");
        let mut log = LogWriter::create(&path, 1).unwrap();
        let text = |key: u64| {
            format!("{key} is a key with a text that takes some room, so that all of them do not fit memory")
        };
        let run = {
            let (path, output) = (path.clone(), folder.join("out"));
            move |memory_bytes: usize, seen: Sender<(u64, u64)>| {
                let env = with_memory(1, memory_bytes);
                told(counts_by_key(env.read_log(&path)?), seen).write_native(&output);
                env.run()
            }
        };
        let least = match run(1, seen.clone()).unwrap_err().cause() {
            Error::TooLittleMemory { need, .. } => *need,
            error => panic!("{error}"),
        };
        let job = thread::spawn(move || run(least, seen));
        let keys = 100_000;
        for round in 1..3 {
            for key in 0..keys {
                log.append(&Item { key, value: 0, text: text(key) }).unwrap();
            }
            log.flush().unwrap();
            let mut updates = BTreeMap::new();
            while updates.len() < keys as usize {
                let (key, count) = next(&given);
                assert_eq!((count, updates.insert(key, count)), (round, None));
            }
        }
        log.seal_all().unwrap();
        let report = job.join().unwrap().unwrap();
        assert!(report.spilled_bytes() > 1 << 20);
        assert!(given.recv().is_err(), "nothing is given twice");
    });
}

#[dataflow]
fn timed_sums(items: DataStream<(u64, i64, Timestamp)>) -> UpdateStream<(u64, i64)> {
    let timed = items.event_time(|i| i.2, Lateness::none());
    timed.map(|i| (i.0, i.1)).group_by(|i| i.0).sum(|i| i.1)
}

/// A grouping without windows ignores event time.
#[test]
fn records_with_event_time_have_updates_too() {
    within_two_minutes("updates of timed records", || {
        let folder = Folder::default();
        let mut log = LogWriter::create(folder.join("log"), 2).unwrap();
        for number in 0..4_000u64 {
            log.append(&(number % 7, 1i64, Timestamp::from_micros(number as i64 * 1_000))).unwrap();
        }
        log.seal_all().unwrap();
        for parallelism in PARALLELISM {
            let env = local(parallelism);
            timed_sums(env.read_log(folder.join("log")).unwrap())
                .write_native(folder.join(&format!("out-{parallelism}")));
            env.run().unwrap();
            let updates = env.read_native(folder.join(&format!("out-{parallelism}"))).unwrap().collect().unwrap();
            let sums = (0..7).map(|key| (key, (4_000 - 1 - key as i64) / 7 + 1)).collect();
            same_records(&format!("parallelism {parallelism}"), last(updates, |s: &(u64, i64)| s.0), sums);
        }
    });
}

/// It reads all records before it emits a group, so the last update of each key is the only one.
#[test]
fn the_embedded_engine_emits_the_last_update_of_each_key() {
    let folder = Folder::default();
    let log = folder.join("log");
    log_of(&log, &Shape::Zipf.items(600, 5));
    let env = embedded();
    summaries(env.read_log(&log).unwrap()).write_native(folder.join("out"));
    env.run().unwrap();
    let updates = env.read_native(folder.join("out")).unwrap().collect().unwrap();
    let groups = summaries(env.read_log_to_end(&log).unwrap()).collect().unwrap();
    same_records("embedded", updates, groups);
}

/// The mean of a key's records so far, at each of its updates.
#[test]
fn values_computed_from_states_are_computed_from_updates() {
    within_two_minutes("means", || {
        let folder = Folder::default();
        let log = folder.join("log");
        log_of(&log, &Shape::Uniform.items(5_000, 9));
        let groups = means(local(2).read_log_to_end(&log).unwrap()).collect().unwrap();
        let bits =
            |means: Vec<(u64, f64)>| means.into_iter().map(|(key, mean)| (key, mean.to_bits())).collect::<Vec<_>>();
        for parallelism in PARALLELISM {
            let (updates, _) = updates_of(&log, (parallelism, Some(1 << 30)), means);
            same_records(&format!("parallelism {parallelism}"), bits(last(updates, |m| m.0)), bits(groups.clone()));
        }
    });
}

/// A sum that overflows ends the job at its update.
#[test]
fn a_sum_that_overflows_ends_the_job() {
    within_two_minutes("an overflow", || {
        let folder = Folder::default();
        let log = folder.join("log");
        log_of(&log, &[i64::MAX, 1].map(|value| Item { key: 1, value, text: String::new() }));
        let env = local(2);
        sums(env.read_log(&log).unwrap()).write_native(folder.join("out"));
        let message = env.run().unwrap_err().to_string();
        assert!(
            message.contains("sum) at tests/tests/updates.rs:") && message.contains("overflow: a sum of i64"),
            "{message}"
        );
    });
}
