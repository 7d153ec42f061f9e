//! Event time through every operator of a `TimedStream`: each record stays in the window of its
//! time.
//!
//! Each operator runs between `event_time` and windows of a minute. The expected counts come from
//! plain loops.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use dataflow::LogWriter;
use dataflow::prelude::*;
use tests::{Folder, PARALLELISM, Random, local, on_each_engine, same_records, within_two_minutes};

#[derive(Record, Clone, Debug, PartialEq)]
struct Click {
    key: u64,
    url: String,
    time: Timestamp,
}

/// Key, start of the window, number of records.
type Count = (u64, Timestamp, u64);

const MINUTE: i64 = 60_000_000;

/// Two streams of clicks with event time, and two small flows.
struct Inputs {
    clicks: TimedStream<Click>,
    more: TimedStream<Click>,
    one: DataSet<u64>,
    few: DataSet<u64>,
}

/// An operator, and the keys of the records that it emits for a click.
type Word = (&'static str, fn(Inputs) -> DataStream<Count>, fn(&Click) -> Vec<u64>);

/// The clicks with event time.
#[dataflow]
fn timed(clicks: DataStream<Click>) -> TimedStream<Click> {
    clicks.event_time(|c| c.time, Lateness::bounded(secs(5)))
}

/// The same event time, computed by a closure.
#[dataflow]
fn computed(clicks: DataStream<Click>) -> TimedStream<Click> {
    clicks.event_time(|c| Timestamp::from_micros(c.time.micros() + 7 - 7), Lateness::bounded(secs(5)))
}

/// The same event time after a closure.
#[dataflow]
fn after_closures(clicks: DataStream<Click>) -> TimedStream<Click> {
    clicks
        .filter(|c| c.key < 9)
        .flat_map(|c| Some(ClickRef { key: c.key + 1, ..c }))
        .map(|c| ClickRef { key: c.key - 1, ..c })
        .event_time(|c| c.time, Lateness::bounded(secs(5)))
}

/// A pipeline that assigns event time to the clicks.
type Time = fn(DataStream<Click>) -> TimedStream<Click>;

#[dataflow]
fn counted(clicks: TimedStream<Click>) -> DataStream<Count> {
    clicks.group_by(|c| c.key).window(Tumbling::of(mins(1))).count()
}

#[dataflow]
fn counted_keys(keys: TimedStream<u64>) -> DataStream<Count> {
    keys.group_by(|key| key).window(Tumbling::of(mins(1))).count()
}

/// Pipelines with one operator each.
macro_rules! words {
    ($($name:ident($($input:ident: $of:ty),*) -> $to:ty = $body:expr;)*) => {$(
        #[dataflow]
        fn $name($($input: $of),*) -> TimedStream<$to> {
            $body
        }
    )*};
}
words! {
    filter(clicks: TimedStream<Click>) -> Click = clicks.filter(|c| c.key != 3);
    try_filter(clicks: TimedStream<Click>) -> Click = clicks.try_filter(|c| Ok::<_, String>(c.key != 3));
    filter_with(clicks: TimedStream<Click>) -> Click = clicks.filter_with(|_| 3, |out, c| c.key != *out);
    try_filter_with(clicks: TimedStream<Click>) -> Click
        = clicks.try_filter_with(|_| Ok::<_, String>(3), |out, c| Ok::<_, String>(c.key != *out));
    map(clicks: TimedStream<Click>) -> u64 = clicks.map(|c| c.key + 1);
    try_map(clicks: TimedStream<Click>) -> u64 = clicks.try_map(|c| Ok::<_, String>(c.key + 1));
    flat_map(clicks: TimedStream<Click>) -> u64 = clicks.flat_map(|c| 0..c.key % 3);
    filter_map(clicks: TimedStream<Click>) -> u64 = clicks.filter_map(|c| (c.key != 3).then_some(c.key));
    map_with(clicks: TimedStream<Click>) -> u64 = clicks.map_with(|_| 1, |more, c| c.key + *more);
    try_map_with(clicks: TimedStream<Click>) -> u64
        = clicks.try_map_with(|_| Ok::<_, String>(1), |more, c| Ok::<_, String>(c.key + *more));
    rebalance(clicks: TimedStream<Click>) -> Click = clicks.rebalance();
    partition_by(clicks: TimedStream<Click>) -> Click = clicks.partition_by(|c| c.url);
    partition_by_computed(clicks: TimedStream<Click>) -> Click = clicks.partition_by(|c| c.url.len() % 3);
    partition_with(clicks: TimedStream<Click>) -> Click = clicks.partition_with(|c| c.key);
    project(clicks: TimedStream<Click>) -> u64 = clicks.project(|c| c.key);
    project_two(clicks: TimedStream<Click>) -> (String, u64) = clicks.project(|c| (c.url, c.key));
    expect_rows(clicks: TimedStream<Click>) -> Click = clicks.expect_rows(10);
    expect_selectivity(clicks: TimedStream<Click>) -> Click = clicks.filter(|c| c.key != 3).expect_selectivity(0.9);
    first(clicks: TimedStream<Click>) -> Click = clicks.first(1_000_000);
    sample(clicks: TimedStream<Click>) -> Click = clicks.sample(1.0, 7);
    union(clicks: TimedStream<Click>, more: TimedStream<Click>) -> Click = clicks.union(more);
    union_of_one(clicks: TimedStream<Click>) -> Click = clicks.filter(|c| c.key == 1).union(clicks);
    zip_with_unique_id(clicks: TimedStream<Click>) -> u64 = clicks.zip_with_unique_id().map(|c| c.1.key);
    zip_to_key(clicks: TimedStream<Click>) -> (u64, Click) = clicks.zip_with_unique_id();
    with(clicks: TimedStream<Click>, one: DataSet<u64>) -> u64 = clicks.with(one).map(|c, one| c.key + one);
    with_flat(clicks: TimedStream<Click>, one: DataSet<u64>) -> u64 = clicks.with(one).flat_map(|c, one| 0..c.key % (one + 2));
    try_with(clicks: TimedStream<Click>, one: DataSet<u64>) -> u64
        = clicks.with(one).try_map(|c, one| Ok::<_, String>(c.key + one));
    with_all(clicks: TimedStream<Click>, few: DataSet<u64>) -> u64
        = clicks.with_all(few).flat_map(|c, few| few.iter().map(move |some| c.key + some));
    with_all_tried(clicks: TimedStream<Click>, few: DataSet<u64>) -> u64
        = clicks.with_all(few).try_map(|c, few| Ok::<_, String>(c.key + few.len() as u64));
    with_made(clicks: TimedStream<Click>, few: DataSet<u64>) -> u64
        = clicks.with_all(few).init(|few| few.len() as u64).map(|c, few| c.key + few);
}

fn keys_of(click: &Click) -> Vec<u64> {
    vec![click.key]
}

fn next_key(click: &Click) -> Vec<u64> {
    vec![click.key + 1]
}

fn without_3(click: &Click) -> Vec<u64> {
    if click.key == 3 { Vec::new() } else { vec![click.key] }
}

fn below(click: &Click) -> Vec<u64> {
    (0..click.key % 3).collect()
}

/// All operators that keep event time.
const WORDS: &[Word] = &[
    ("event_time", |i| counted(i.clicks), keys_of),
    ("filter", |i| counted(filter(i.clicks)), without_3),
    ("try_filter", |i| counted(try_filter(i.clicks)), without_3),
    ("filter_with", |i| counted(filter_with(i.clicks)), without_3),
    ("try_filter_with", |i| counted(try_filter_with(i.clicks)), without_3),
    ("map", |i| counted_keys(map(i.clicks)), next_key),
    ("try_map", |i| counted_keys(try_map(i.clicks)), next_key),
    ("flat_map", |i| counted_keys(flat_map(i.clicks)), below),
    ("filter_map", |i| counted_keys(filter_map(i.clicks)), without_3),
    ("map_with", |i| counted_keys(map_with(i.clicks)), next_key),
    ("try_map_with", |i| counted_keys(try_map_with(i.clicks)), next_key),
    ("rebalance", |i| counted(rebalance(i.clicks)), keys_of),
    ("partition_by", |i| counted(partition_by(i.clicks)), keys_of),
    ("partition_by, computed", |i| counted(partition_by_computed(i.clicks)), keys_of),
    ("partition_with", |i| counted(partition_with(i.clicks)), keys_of),
    ("project", |i| counted_keys(project(i.clicks)), keys_of),
    ("project, two", |i| counted_second(project_two(i.clicks)), keys_of),
    ("expect_rows", |i| counted(expect_rows(i.clicks)), keys_of),
    ("expect_selectivity", |i| counted(expect_selectivity(i.clicks)), without_3),
    ("first", |i| counted(first(i.clicks)), keys_of),
    ("sample", |i| counted(sample(i.clicks)), keys_of),
    ("union", |i| counted(union(i.clicks, i.more)), |c| vec![c.key; 2]),
    ("union of one flow", |i| counted(union_of_one(i.clicks)), |c| vec![c.key; 1 + usize::from(c.key == 1)]),
    ("zip_with_unique_id", |i| counted_keys(zip_with_unique_id(i.clicks)), keys_of),
    ("zip_with_unique_id, grouped", |i| counted_zipped(zip_to_key(i.clicks)), keys_of),
    ("with", |i| counted_keys(with(i.clicks, i.one)), next_key),
    ("with, flat_map", |i| counted_keys(with_flat(i.clicks, i.one)), below),
    ("with, try_map", |i| counted_keys(try_with(i.clicks, i.one)), next_key),
    ("with_all", |i| counted_keys(with_all(i.clicks, i.few)), |c| vec![c.key + 1, c.key + 2]),
    ("with_all, try_map", |i| counted_keys(with_all_tried(i.clicks, i.few)), |c| vec![c.key + 2]),
    ("with_all, init", |i| counted_keys(with_made(i.clicks, i.few)), |c| vec![c.key + 2]),
];

#[dataflow]
fn counted_second(pairs: TimedStream<(String, u64)>) -> DataStream<Count> {
    pairs.group_by(|pair| pair.1).window(Tumbling::of(mins(1))).count()
}

#[dataflow]
fn counted_zipped(pairs: TimedStream<(u64, Click)>) -> DataStream<Count> {
    pairs.group_by(|pair| pair.1.key).window(Tumbling::of(mins(1))).count()
}

/// A sealed log of two splits. Each split is out of order by at most four seconds, so no record is
/// late.
fn log_of_clicks(path: &str) -> Vec<Click> {
    let (mut log, mut random, mut all) = (LogWriter::create(path, 2).unwrap(), Random(7), Vec::new());
    for number in 0..3_000u64 {
        let micros = number as i64 / 10 * 1_000_000 + random.below(4_000_000) as i64 - 100_000_000;
        let url = "x".repeat(random.below(12) as usize);
        let click = Click { key: random.below(5), url, time: Timestamp::from_micros(micros) };
        log.append_to(random.below(2) as usize, &click).unwrap();
        all.push(click);
        if random.below(40) == 0 {
            log.flush().unwrap();
        }
    }
    log.seal_all().unwrap();
    all
}

fn expected(clicks: &[Click], keys: fn(&Click) -> Vec<u64>) -> Vec<Count> {
    let mut counts = BTreeMap::new();
    for click in clicks {
        let begin = click.time.micros().div_euclid(MINUTE) * MINUTE;
        keys(click).into_iter().for_each(|key| *counts.entry((key, begin)).or_default() += 1);
    }
    counts.into_iter().map(|((key, begin), count)| (key, Timestamp::from_micros(begin), count)).collect()
}

#[test]
fn every_word_keeps_event_time() {
    within_two_minutes("words of a timed stream", || every_word(timed));
}

#[test]
fn every_word_keeps_computed_event_time() {
    within_two_minutes("words of a stream with computed time", || every_word(computed));
}

#[test]
fn every_word_keeps_event_time_that_follows_closures() {
    within_two_minutes("words of a stream with time after closures", || every_word(after_closures));
}

fn every_word(time: Time) {
    let folder = Folder::default();
    let log = folder.join("log");
    let clicks = log_of_clicks(&log);
    let mut wrong = Vec::new();
    for &(name, word, keys) in WORDS {
        let expected = expected(&clicks, keys);
        assert!(expected.len() > 10, "{name}");
        on_each_engine(|engine, env| {
            let output = Folder::default();
            let inputs = Inputs {
                clicks: time(env.read_log(&log).unwrap()),
                more: time(env.read_log(&log).unwrap()),
                one: env.collection([1u64]).unwrap(),
                few: env.collection([1u64, 2]).unwrap(),
            };
            word(inputs).write_native(output.join("out"));
            let mut found: Vec<Count> = match env.run() {
                Ok(_) => env.read_native(output.join("out")).unwrap().collect().unwrap(),
                Err(error) => return wrong.push(format!("{name}, {engine}: {error}")),
            };
            found.sort_unstable();
            if found != expected {
                wrong.push(format!("{name}, {engine}: {} windows, expected {}", found.len(), expected.len()));
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A join's output has no event time, and its records do not depend on the event time of its
/// inputs.
#[dataflow]
fn joined(clicks: TimedStream<Click>, more: TimedStream<Click>) -> DataStream<(u64, u64)> {
    let few = more.filter(|m| m.url.is_empty());
    clicks.join(few).on(|c| c.key + 1, |m| m.key).map(|c, m| (c.key, m.key))
}

#[dataflow]
fn semi_joined(clicks: TimedStream<Click>, more: TimedStream<Click>) -> DataStream<Click> {
    clicks.semi_join(more).on(|c| c.url.len() as u64, |m| m.key)
}

#[test]
fn joins_of_timed_streams_have_no_event_time() {
    within_two_minutes("joins of timed streams", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let clicks = log_of_clicks(&log);
        let few: Vec<&Click> = clicks.iter().filter(|c| c.url.is_empty()).collect();
        let partners =
            |c: &Click| few.iter().filter(|m| m.key == c.key + 1).map(|m| (c.key, m.key)).collect::<Vec<_>>();
        let pairs: Vec<(u64, u64)> = clicks.iter().flat_map(partners).collect();
        let short = |c: &&Click| clicks.iter().any(|m| m.key == c.url.len() as u64);
        let kept: Vec<(u64, Timestamp)> = clicks.iter().filter(short).map(|c| (c.key, c.time)).collect();
        on_each_engine(|engine, env| {
            let output = Folder::default();
            let [a, b, c, d] = [0; 4].map(|_| timed(env.read_log(&log).unwrap()));
            joined(a, b).write_native(output.join("pairs"));
            semi_joined(c, d).write_native(output.join("kept"));
            env.run().unwrap();
            let found = env.read_native(output.join("pairs")).unwrap().collect().unwrap();
            same_records(&format!("{engine}, join"), found, pairs.clone());
            let found: Vec<Click> = env.read_native(output.join("kept")).unwrap().collect().unwrap();
            let found = found.into_iter().map(|c| (c.key, c.time)).collect();
            same_records(&format!("{engine}, semi_join"), found, kept.clone());
        });
    });
}

/// Updates and files contain the record's fields, without the event time.
#[dataflow]
fn last_of_each(clicks: TimedStream<Click>) -> UpdateStream<Click> {
    clicks.group_by(|c| c.url.len()).max_by(|c| c.time)
}

#[test]
fn sinks_and_updates_leave_event_time_out() {
    within_two_minutes("sinks of timed streams", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let clicks = log_of_clicks(&log);
        let sorted = |records: &[Click]| {
            let mut sorted: Vec<_> = records.iter().map(|c| (c.key, c.url.clone(), c.time)).collect();
            sorted.sort_unstable();
            sorted
        };
        let all = sorted(&clicks);
        on_each_engine(|engine, env| {
            let output = Folder::default();
            let timed = timed(env.read_log(&log).unwrap());
            timed.write_json(output.join("all.json"));
            timed.in_folders_by(|c| c.key).write_csv(output.join("by/"));
            last_of_each(timed).write_native(output.join("last"));
            env.run().unwrap();
            let read = env.read_json::<Click>(output.join("all.json")).unwrap().collect().unwrap();
            assert_eq!(sorted(&read), all, "{engine}");
            let read = env.read_csv::<Click>(output.join("by/")).unwrap().collect().unwrap();
            assert_eq!(sorted(&read), all, "{engine}");
            let last: Vec<Click> = env.read_native(output.join("last")).unwrap().collect().unwrap();
            for click in &clicks {
                let of_length = last.iter().filter(|l| l.url.len() == click.url.len());
                assert!(of_length.map(|l| l.time).max() >= Some(click.time), "{engine}");
            }
        });
    });
}

#[dataflow]
fn told(counts: DataStream<Count>, seen: Sender<Count>) -> DataStream<u64> {
    counts.map(|c| {
        let _ = seen.send((c.0, c.1, c.2));
        c.2
    })
}

/// An operator that holds back rows or watermarks would delay or lose windows.
#[test]
fn windows_end_while_the_stream_goes_on() {
    within_two_minutes("live words of a timed stream", || {
        let words = WORDS.iter().filter(|(name, ..)| *name != "union");
        let runs = words.flat_map(|word| PARALLELISM.map(|tasks| (word, tasks)));
        for ((&(name, word, keys), parallelism), time) in runs.zip([timed, computed, after_closures].iter().cycle()) {
            let (folder, (seen, given)) = (Folder::default(), channel());
            let mut log = LogWriter::create(folder.join("log"), 1).unwrap();
            LogWriter::<Click>::create(folder.join("more"), 1).unwrap().seal_all().unwrap();
            let env = local(parallelism);
            let inputs = Inputs {
                clicks: time(env.read_log(folder.join("log")).unwrap()),
                more: time(env.read_log(folder.join("more")).unwrap()),
                one: env.collection([1u64]).unwrap(),
                few: env.collection([1u64, 2]).unwrap(),
            };
            told(word(inputs), seen).write_native(folder.join("out"));
            let job = env.start().unwrap();
            let clicks = [10, 20, 30, 200].map(|second| {
                let time = Timestamp::from_micros(second * 1_000_000);
                Click { key: 2, url: "a".to_owned(), time }
            });
            clicks.iter().for_each(|click| log.append(click).unwrap());
            log.flush().unwrap();
            let mut expected = expected(&clicks[..3], keys);
            while !expected.is_empty() {
                let count = given.recv_timeout(Duration::from_secs(20));
                let count = count.unwrap_or_else(|_| panic!("{name}, {parallelism} tasks: no window"));
                let found = expected.iter().position(|&expected| expected == count);
                expected.remove(found.unwrap_or_else(|| panic!("{name}, {parallelism} tasks: {count:?}")));
            }
            log.seal_all().unwrap();
            job.wait().unwrap();
        }
    });
}
