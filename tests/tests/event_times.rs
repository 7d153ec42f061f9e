//! Event time at each position in a stream, from a field or computed: directly after the source,
//! after closures, and after exchanges.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{LogWriter, Options, ProgressWhen};
use tests::{Folder, PARALLELISM, Random, local, on_each_engine, same_records, within_two_minutes};

/// Key, start of the window, number of records.
type Count = (u64, Timestamp, u64);

/// A record's number and its event time in seconds.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Reading {
    number: u64,
    second: i64,
}

#[dataflow]
fn counted(readings: TimedStream<Reading>) -> DataStream<Count> {
    readings.group_by(|r| r.number % 5).window(Tumbling::of(mins(1))).count()
}

/// Pipelines that compute an event time at one position each, and count the records per window.
macro_rules! places {
    ($lateness:expr; $($name:ident: $flow:ident => $before:expr;)*) => {
        mod places {
            use super::*;
            $(
                #[dataflow]
                pub(super) fn $name($flow: DataStream<Reading>, few: DataSet<u64>) -> DataStream<Count> {
                    let _ = &few;
                    counted($before.event_time(|r| Timestamp::from_micros(r.second * 1_000_000), $lateness))
                }
            )*
        }
        const PLACES: &[(&str, fn(DataStream<Reading>, DataSet<u64>) -> DataStream<Count>)] =
            &[$((stringify!($name), places::$name)),*];
    };
}
places! { Lateness::bounded(hours(1_000));
    source: readings => readings;
    filter: readings => readings.filter(|r| r.second > -10_000);
    map: readings => readings.map(|r| r);
    flat_map: readings => readings.flat_map(|r| [r]);
    map_with: readings => readings.map_with(|_| 0, |_, r| r);
    project: readings => readings.project(|r| (r.second, r.number)).map(|r| Reading { number: r.1, second: r.0 });
    rebalance: readings => readings.rebalance();
    rebalance_then_map: readings => readings.rebalance().map(|r| r);
    partition_by: readings => readings.partition_by(|r| r.number);
    partition_with: readings => readings.partition_with(|r| r.number);
    union: readings => readings.filter(|r| r.number % 2 == 0).union(readings.filter(|r| r.number % 2 == 1));
    sample: readings => readings.sample(1.0, 3);
    first: readings => readings.first(1_000_000);
    zip: readings => readings.zip_with_unique_id().map(|r| r.1);
}

/// Hourly windows over windows of a minute: a second event time follows the first.
#[dataflow]
fn hours_of_minutes(readings: DataStream<Reading>, _few: DataSet<u64>) -> DataStream<Count> {
    let timed = readings.event_time(|r| Timestamp::from_micros(r.second * 1_000_000), Lateness::none());
    let minutes = timed.group_by(|r| r.number % 5).window(Tumbling::of(mins(1))).count();
    let again = minutes.event_time(|m| m.1 + secs(59), Lateness::bounded(hours(1_000)));
    again.group_by(|m| m.0).window(Tumbling::of(hours(1))).sum(|m| m.2)
}

fn expected(readings: &[Reading], length: i64) -> Vec<Count> {
    let mut counts = BTreeMap::new();
    for reading in readings {
        let begin = reading.second.div_euclid(length) * length;
        *counts.entry((reading.number % 5, begin)).or_default() += 1;
    }
    let window = |((key, begin), count)| (key, Timestamp::from_micros(begin * 1_000_000), count);
    counts.into_iter().map(window).collect()
}

/// A sealed log of two splits. Each split is out of order by at most four seconds. The second one
/// starts an hour before the first.
fn log_of_readings(path: &str) -> Vec<Reading> {
    let (mut log, mut random, mut all) = (LogWriter::create(path, 2).unwrap(), Random(5), Vec::new());
    for split in 0..2 {
        for number in 0..2_000u64 {
            let second = number as i64 / 4 - 3_600 * split as i64 + random.below(4) as i64;
            let reading = Reading { number: random.below(1_000), second };
            log.append_to(split, &reading).unwrap();
            all.push(reading);
        }
    }
    log.seal_all().unwrap();
    all
}

#[test]
fn event_time_may_follow_each_operator() {
    within_two_minutes("places of event time", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let readings = log_of_readings(&log);
        let minutes = expected(&readings, 60);
        let all = PLACES.iter().map(|&(name, words)| (name, words, minutes.clone()));
        let hours: (&str, fn(_, _) -> _, _) = ("windows", hours_of_minutes, expected(&readings, 3_600));
        for (name, words, expected) in all.chain([hours]) {
            on_each_engine(|engine, env| {
                let output = Folder::default();
                let few = env.collection([1u64]).unwrap();
                words(env.read_log(&log).unwrap(), few).write_native(output.join("out"));
                env.run().unwrap_or_else(|error| panic!("{name}, {engine}: {error}"));
                let found = env.read_native(output.join("out")).unwrap().collect().unwrap();
                same_records(&format!("{name}, {engine}"), found, expected.clone());
            });
        }
    });
}

#[dataflow]
fn strict(readings: DataStream<Reading>) -> DataStream<Count> {
    counted(readings.event_time(|r| Timestamp::from_micros(r.second * 1_000_000), Lateness::bounded(secs(5))))
}

#[dataflow]
fn strict_after_closures(readings: DataStream<Reading>) -> DataStream<Count> {
    let twice = readings
        .flat_map(|r| [r])
        .filter(|r| r.second > -10_000)
        .map(|r| (r.number, Timestamp::from_micros(r.second * 1_000_000)));
    let timed = twice.event_time(|r| r.1, Lateness::bounded(secs(5)));
    timed.group_by(|r| r.0 % 5).window(Tumbling::of(mins(1))).count()
}

/// Watermarks are computed per split: the job waits for the split that is an hour behind.
#[test]
fn splits_far_apart_have_no_late_records() {
    within_two_minutes("splits far apart", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let expected = expected(&log_of_readings(&log), 60);
        for pipeline in [strict, strict_after_closures] {
            for parallelism in PARALLELISM {
                let options = Options {
                    parallelism,
                    idle_after: Duration::from_secs(3_600),
                    progress: ProgressWhen::Never,
                    ..Options::default()
                };
                let (env, output) = (Env::new(options), Folder::default());
                pipeline(env.read_log(&log).unwrap()).write_native(output.join("out"));
                env.run().unwrap();
                let found = env.read_native(output.join("out")).unwrap().collect().unwrap();
                same_records(&format!("{parallelism} tasks"), found, expected.clone());
            }
        }
    });
}

#[dataflow]
fn told(counts: DataStream<Count>, seen: Sender<Count>) -> DataStream<u64> {
    counts.map(|c| {
        let _ = seen.send((c.0, c.1, c.2));
        c.2
    })
}

/// A split without records becomes idle, and windows end without it.
#[test]
fn idle_splits_do_not_delay_computed_time() {
    within_two_minutes("idle splits", || {
        let strict: [fn(DataStream<Reading>) -> DataStream<Count>; 2] = [strict, strict_after_closures];
        for (pipeline, parallelism) in
            strict.into_iter().flat_map(|pipeline| PARALLELISM.map(|tasks| (pipeline, tasks)))
        {
            let (folder, (seen, given)) = (Folder::default(), channel());
            let mut log = LogWriter::create(folder.join("log"), 3).unwrap();
            let env = Env::new(Options {
                parallelism,
                idle_after: Duration::from_millis(50),
                progress: ProgressWhen::Never,
                ..Options::default()
            });
            told(pipeline(env.read_log(folder.join("log")).unwrap()), seen).write_native(folder.join("out"));
            let job = env.start().unwrap();
            // One split continues, because a source without any records has no watermark.
            let has_ended = (0..1_000).any(|number| {
                log.append_to(0, &Reading { number: 7, second: 10 + number * 40 }).unwrap();
                log.flush().unwrap();
                let mut windows = given.recv_timeout(Duration::from_millis(20)).into_iter().chain(given.try_iter());
                windows.any(|window| window == (2, Timestamp::from_micros(0), 2))
            });
            assert!(has_ended, "{parallelism} tasks");
            log.seal_all().unwrap();
            job.wait().unwrap();
        }
    });
}

/// After an exchange, windows also end while the stream continues.
#[test]
fn windows_after_an_exchange_end_during_the_stream() {
    within_two_minutes("windows after an exchange", || {
        for parallelism in PARALLELISM {
            let (folder, (seen, given)) = (Folder::default(), channel());
            let mut log = LogWriter::create(folder.join("log"), 1).unwrap();
            let env = local(parallelism);
            told(by_task(env.read_log(folder.join("log")).unwrap()), seen).write_native(folder.join("out"));
            let job = env.start().unwrap();
            for second in (0..1_000).step_by(10) {
                log.append(&Reading { number: 7, second }).unwrap();
            }
            log.flush().unwrap();
            let first = (2, Timestamp::from_micros(0), 6);
            while given.recv_timeout(Duration::from_secs(20)).unwrap() != first {}
            log.seal_all().unwrap();
            job.wait().unwrap();
        }
    });
}

#[dataflow]
fn by_task(readings: DataStream<Reading>) -> DataStream<Count> {
    let timed = readings.rebalance().event_time(|r| Timestamp::from_micros(r.second * 1_000_000), Lateness::none());
    counted(timed)
}

#[dataflow]
fn scaled(readings: DataStream<Reading>, by: i64) -> DataStream<Count> {
    counted(readings.event_time(|r| Timestamp::from_micros(r.second * by), Lateness::none()))
}

#[test]
fn overflow_in_a_computed_time_ends_the_job() {
    let folder = Folder::default();
    let log = folder.join("log");
    log_of_readings(&log);
    on_each_engine(|engine, env| {
        scaled(env.read_log(&log).unwrap(), i64::MAX).write_native(folder.join("out"));
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("`event_time` at ") && error.contains("overflow"), "{engine}: {error}");
        assert!(error.contains("event_times.rs:"), "{engine}: {error}");
    });
}

type Sale = (u64, Timestamp, Timestamp);

/// Two fields of one source as event times.
#[dataflow]
fn two_times(sales: DataStream<Sale>) -> (DataStream<Count>, DataStream<Count>) {
    let ordered = sales.event_time(|s| s.1, Lateness::none());
    let shipped = sales.event_time(|s| s.2, Lateness::none());
    (
        ordered.group_by(|s| s.0).window(Tumbling::of(mins(1))).count(),
        shipped.group_by(|s| s.0).window(Tumbling::of(mins(1))).count(),
    )
}

/// Two computed event times over records that have an event time already.
#[dataflow]
fn three_times(sales: DataStream<Sale>) -> (DataStream<Count>, DataStream<Count>, DataStream<Count>) {
    let ordered = sales.event_time(|s| s.1, Lateness::bounded(hours(1_000)));
    let next_day = sales.event_time(|s| s.2 + hours(24), Lateness::bounded(hours(1_000)));
    let mapped = sales.map(|s| (s.0, s.2)).event_time(|s| s.1, Lateness::bounded(hours(1_000)));
    (
        ordered.group_by(|s| s.0).window(Tumbling::of(mins(1))).count(),
        next_day.group_by(|s| s.0).window(Tumbling::of(mins(1))).count(),
        mapped.group_by(|s| s.0).window(Tumbling::of(mins(1))).count(),
    )
}

fn log_of_sales(path: &str) -> Vec<Sale> {
    let (mut log, mut sales) = (LogWriter::create(path, 2).unwrap(), Vec::new());
    for number in 0..1_000 {
        let time = |second| Timestamp::from_micros(second * 1_000_000);
        let sale = (number % 3, time(number as i64), time(number as i64 * 7));
        log.append(&sale).unwrap();
        sales.push(sale);
    }
    log.seal_all().unwrap();
    sales
}

#[test]
fn a_source_has_one_time_per_split_others_per_task() {
    within_two_minutes("three event times", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let sales = log_of_sales(&log);
        let windows = |time: fn(&Sale) -> i64| {
            let mut counts = BTreeMap::new();
            let begin = |sale: &Sale| time(sale).div_euclid(60_000_000) * 60_000_000;
            sales.iter().for_each(|sale| *counts.entry((sale.0, begin(sale))).or_default() += 1);
            counts.into_iter().map(|((key, begin), count)| (key, Timestamp::from_micros(begin), count)).collect()
        };
        let expected: [Vec<Count>; 3] = [
            windows(|sale| sale.1.micros()),
            windows(|sale| sale.2.micros() + 86_400_000_000),
            windows(|sale| sale.2.micros()),
        ];
        on_each_engine(|engine, env| {
            let output = Folder::default();
            let (ordered, next_day, mapped) = three_times(env.read_log(&log).unwrap());
            let names = ["ordered", "next day", "mapped"];
            for (flow, name) in [ordered, next_day, mapped].into_iter().zip(names) {
                flow.write_native(output.join(name));
            }
            env.run().unwrap();
            for (name, expected) in names.into_iter().zip(&expected) {
                let found = env.read_native(output.join(name)).unwrap().collect().unwrap();
                same_records(&format!("{name}, {engine}"), found, expected.clone());
            }
        });
    });
}

#[test]
fn two_field_event_times_of_one_source_are_rejected() {
    let folder = Folder::default();
    let log = folder.join("log");
    log_of_sales(&log);
    let env = local(2);
    let (ordered, shipped) = two_times(env.read_log(&log).unwrap());
    ordered.write_native(folder.join("ordered"));
    shipped.write_native(folder.join("shipped"));
    let error = env.run().unwrap_err().to_string();
    assert!(error.contains("read the source once for each") && error.contains("event_times.rs:"), "{error}");
}
