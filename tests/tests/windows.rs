//! Windows over event time: each record is in the window of its time, after any closures. A window
//! is emitted after the watermark has passed it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{LogWriter, Options};
use tests::{Folder, PARALLELISM, Random, local, on_each_engine, same_records, within_two_minutes};

#[derive(Record, Clone, Debug, PartialEq)]
struct Click {
    url: String,
    time: Timestamp,
    bytes: u64,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hits {
    url: String,
    minute: Timestamp,
    hits: u64,
    bytes: u64,
}

#[dataflow]
fn hits_per_minute(clicks: DataStream<Click>) -> DataStream<Hits> {
    clicks
        .event_time(|c| c.time, Lateness::bounded(secs(5)))
        .group_by(|c| c.url)
        .window(Tumbling::of(mins(1)))
        .aggregate(|w| HitsRef { url: w.key, minute: w.start, hits: w.count(), bytes: w.sum(|c| c.bytes) })
}

/// Records that closures create keep the event time.
#[dataflow]
fn through_closures(clicks: DataStream<Click>) -> DataStream<Hits> {
    let timed = clicks.filter(|c| c.bytes % 5 != 0).event_time(|c| c.time, Lateness::bounded(secs(5)));
    timed
        .map(|c| (c.url, c.bytes))
        .filter(|c| c.1 % 3 != 0)
        .flat_map(|c| (0..c.1 % 4).map(move |n| (c.0, n)))
        .group_by(|c| c.0.len())
        .window(Tumbling::of(mins(1)))
        .aggregate(|w| {
            let letters = w.key;
            Hits { url: format!("{letters} letters"), minute: w.start, hits: w.count(), bytes: w.sum(|c| c.1) }
        })
}

/// The page of the largest click in a minute.
#[dataflow]
fn largest(clicks: DataStream<Click>) -> DataStream<Hits> {
    let timed = clicks.event_time(|c| c.time, Lateness::bounded(secs(5)));
    timed.group_by(|c| c.bytes % 3).window(Tumbling::of(mins(1))).aggregate(|w| HitsRef {
        url: w.max_by(|c| c.bytes, |c| c.url),
        minute: w.start,
        hits: w.key,
        bytes: w.max(|c| c.bytes),
    })
}

/// A single measure, with keys of several leaves.
#[dataflow]
fn counted_alone(clicks: DataStream<Click>) -> DataStream<((String, bool), Timestamp, u64)> {
    let timed = clicks.event_time(|c| c.time, Lateness::bounded(secs(5)));
    timed.group_by(|c| (c.url, c.bytes % 2 == 0)).window(Tumbling::of(mins(1))).count()
}

#[dataflow]
fn summed_alone(clicks: DataStream<Click>) -> DataStream<(u64, Timestamp, u64)> {
    let timed = clicks.event_time(|c| c.time, Lateness::bounded(secs(5)));
    timed.group_by(|c| c.url.len()).window(Tumbling::of(mins(1))).sum(|c| c.bytes)
}

/// The sum of a nullable field.
#[dataflow]
fn summed_where_there(clicks: DataStream<Click>) -> DataStream<(String, Timestamp, Option<u64>)> {
    let timed = clicks.event_time(|c| c.time, Lateness::bounded(secs(5)));
    let some = timed.map(|c| (c.url, (c.bytes % 8 == 0).then_some(c.bytes)));
    some.group_by(|c| c.0).window(Tumbling::of(mins(1))).sum(|c| c.1)
}

fn minute_of(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros().div_euclid(60_000_000) * 60_000_000)
}

/// A click at about this second, up to some seconds early or late.
fn click(second: u64, random: &mut Random) -> Click {
    let micros = second as i64 * 1_000_000 + random.below(4_000_000) as i64;
    let url = format!("https://example.org/{}", "x".repeat(random.below(12) as usize));
    // Some times are before 1970.
    Click { url, time: Timestamp::from_micros(micros - 3_600_000_000), bytes: random.below(1_000) }
}

/// A sealed log with this number of splits, whose event times are at different positions.
fn log_of_clicks(path: &str, splits: usize, clicks: u64) -> Vec<Click> {
    let mut log = LogWriter::create(path, splits).unwrap();
    let (mut random, mut all) = (Random(11), Vec::new());
    for number in 0..clicks {
        let split = random.below(splits as u64) as usize;
        let click = click(number / (10 + split as u64), &mut random);
        log.append_to(split, &click).unwrap();
        all.push(click);
        if random.below(40) == 0 {
            log.flush().unwrap();
        }
    }
    log.seal_all().unwrap();
    all
}

fn counted(clicks: impl IntoIterator<Item = (String, Timestamp, u64)>) -> Vec<Hits> {
    let mut hits: BTreeMap<(String, Timestamp), (u64, u64)> = BTreeMap::new();
    for (url, time, bytes) in clicks {
        let known = hits.entry((url, minute_of(time))).or_default();
        *known = (known.0 + 1, known.1 + bytes);
    }
    hits.into_iter().map(|((url, minute), (hits, bytes))| Hits { url, minute, hits, bytes }).collect()
}

#[test]
fn each_record_is_in_the_window_of_its_time() {
    within_two_minutes("windows", || {
        for splits in [1, 3] {
            let folder = Folder::default();
            // No record is late: each split waits for the others, and is out of order by at most
            // four seconds.
            let clicks = log_of_clicks(&folder.join("log"), splits, 6_000);
            let check = |what: &str, windows: fn(DataStream<Click>) -> DataStream<Hits>, expected: &[Hits]| {
                on_each_engine(|engine, env| {
                    let output = Folder::default();
                    windows(env.read_log(folder.join("log")).unwrap()).write_native(output.join("out"));
                    env.run().unwrap();
                    let found = env.read_native(output.join("out")).unwrap().collect().unwrap();
                    same_records(&format!("{engine}, {splits} splits, {what}"), found, expected.to_vec());
                });
            };
            let expected = counted(clicks.iter().map(|c| (c.url.clone(), c.time, c.bytes)));
            check("fields", hits_per_minute, &expected);
            let kept = clicks.iter().filter(|c| c.bytes % 5 != 0 && c.bytes % 3 != 0);
            let expected = counted(kept.flat_map(|c| {
                let url = format!("{} letters", c.url.len());
                (0..c.bytes % 4).map(move |n| (url.clone(), c.time, n))
            }));
            check("closures", through_closures, &expected);
            let mut largest_of: BTreeMap<(u64, Timestamp), (u64, Reverse<&str>)> = BTreeMap::new();
            for click in &clicks {
                let (largest, new) = (
                    largest_of.entry((click.bytes % 3, minute_of(click.time))),
                    (click.bytes, Reverse(click.url.as_str())),
                );
                largest.and_modify(|known| *known = new.max(*known)).or_insert(new);
            }
            let of = |((hits, minute), (bytes, Reverse(url)))| Hits { url: String::from(url), minute, hits, bytes };
            check("carried texts", largest, &largest_of.into_iter().map(of).collect::<Vec<_>>());
        }
    });
}

/// Checks the windows of a log of clicks on each engine.
fn on_each_engine_gives<T>(log: &str, windows: fn(DataStream<Click>) -> DataStream<T>, expected: &[T])
where
    T: Record + Clone + std::fmt::Debug + Ord,
{
    on_each_engine(|engine, env| {
        let output = Folder::default();
        windows(env.read_log(log).unwrap()).write_native(output.join("out"));
        env.run().unwrap();
        let found = env.read_native(output.join("out")).unwrap().collect().unwrap();
        same_records(&format!("{engine}, {}", std::any::type_name::<T>()), found, expected.to_vec());
    });
}

#[dataflow]
fn short_before_windows(clicks: DataStream<Click>) -> DataStream<(u64, Timestamp, u64)> {
    let timed = clicks.event_time(|c| c.time, Lateness::bounded(secs(5)));
    timed.filter(|c| c.bytes < 10).group_by(|c| c.bytes).window(Tumbling::of(mins(1))).count()
}

/// Each batch ends with a dropped record, so windows are computed for fewer rows than it has.
#[test]
fn a_filter_may_drop_the_last_record_before_windows() {
    within_two_minutes("windows after a filter", || {
        let folder = Folder::default();
        let mut log = LogWriter::create(folder.join("log"), 1).unwrap();
        for bytes in 0..11 {
            log.append(ClickRef { url: "/", time: Timestamp::from_micros(1), bytes }).unwrap();
        }
        log.seal_all().unwrap();
        let expected: Vec<_> = (0..10).map(|bytes| (bytes, Timestamp::from_micros(0), 1)).collect();
        on_each_engine_gives(&folder.join("log"), short_before_windows, &expected);
    });
}

#[test]
fn a_single_measure_returns_key_and_window_start_too() {
    within_two_minutes("measures of windows", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let clicks = log_of_clicks(&log, 2, 3_000);
        let (mut counts, mut sums, mut some) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for click in &clicks {
            let minute = minute_of(click.time);
            *counts.entry(((click.url.clone(), click.bytes % 2 == 0), minute)).or_default() += 1;
            *sums.entry((click.url.len() as u64, minute)).or_default() += click.bytes;
            let sum: &mut Option<u64> = some.entry((click.url.clone(), minute)).or_default();
            if click.bytes % 8 == 0 {
                *sum = Some(sum.unwrap_or(0) + click.bytes);
            }
        }
        assert!(some.values().any(Option::is_none), "a window without a number");
        on_each_engine_gives(
            &log,
            counted_alone,
            &Vec::from_iter(counts.into_iter().map(|((key, at), n)| (key, at, n))),
        );
        on_each_engine_gives(&log, summed_alone, &Vec::from_iter(sums.into_iter().map(|((key, at), n)| (key, at, n))));
        on_each_engine_gives(
            &log,
            summed_where_there,
            &Vec::from_iter(some.into_iter().map(|((key, at), n)| (key, at, n))),
        );
    });
}

/// The watermark is later than the records that windows wait for, and earlier than late records.
#[test]
fn metrics_show_the_watermark_and_late_records() {
    within_two_minutes("metrics of windows", || {
        for parallelism in PARALLELISM {
            let folder = Folder::default();
            let mut log = LogWriter::create(folder.join("log"), 2).unwrap();
            // No split becomes idle during the test.
            let env =
                Env::new(Options { idle_after: Duration::from_secs(3_600), ..local(parallelism).options().clone() });
            hits_per_minute(env.read_log(folder.join("log")).unwrap()).write_native(folder.join("hits"));
            let job = env.start().unwrap();
            let mut append = |split: usize, second: i64| {
                let time = Timestamp::from_micros(second * 1_000_000);
                log.append_to(split, &Click { url: "a".to_owned(), time, bytes: 1 }).unwrap();
                log.flush().unwrap();
            };
            let until = |what: &str, holds: &dyn Fn(&dataflow::Metrics) -> bool| {
                while !holds(&job.metrics()) {
                    assert!(!job.is_finished(), "{what}");
                    thread::sleep(Duration::from_millis(1));
                }
            };
            append(0, 300);
            until("the first is read", &|metrics| metrics.source_rows == 1);
            assert_eq!(job.metrics().event_time, None, "one split has had nothing");
            append(1, 100);
            let at = |second: i64| Some(Timestamp::from_micros(second * 1_000_000));
            until("as far as the one behind", &|metrics| metrics.event_time == at(95));
            append(1, 301);
            until("as far as the other one", &|metrics| metrics.event_time == at(295));
            append(0, 30);
            until("one is late", &|metrics| metrics.operators.iter().map(|o| o.late_rows).sum::<u64>() == 1);
            until("all is read", &|metrics| metrics.bytes_to_read() == 0);
            let metrics = job.metrics();
            assert!(metrics.source_bytes > 0 && metrics.snapshots.completed == 0);
            assert!(metrics.operators.iter().any(|operator| operator.event_time == at(295)));
            log.seal_all().unwrap();
            job.wait().unwrap();
        }
    });
}

#[dataflow]
fn told(hits: DataStream<Hits>, seen: Sender<Hits>) -> DataStream<u64> {
    hits.map(|h| {
        let _ = seen.send(Hits { url: h.url.to_owned(), minute: h.minute, hits: h.hits, bytes: h.bytes });
        h.hits
    })
}

/// A window is emitted when the watermark passes its end, which the lateness delays. Later records
/// for it are dropped.
#[test]
fn ended_windows_are_emitted_and_late_records_dropped() {
    within_two_minutes("live windows", || {
        for parallelism in PARALLELISM {
            let (folder, (seen, given)) = (Folder::default(), channel());
            let mut log = LogWriter::create(folder.join("log"), 1).unwrap();
            let (path, output) = (folder.join("log"), folder.join("numbers"));
            let job = thread::spawn(move || {
                let env = local(parallelism);
                told(hits_per_minute(env.read_log(&path)?), seen).write_native(&output);
                env.run()
            });
            let mut append = |second: i64| {
                let time = Timestamp::from_micros(second * 1_000_000);
                log.append(&Click { url: "a".to_owned(), time, bytes: 1 }).unwrap();
                log.flush().unwrap();
            };
            let minute = |minute: i64, hits: u64| Hits {
                url: "a".to_owned(),
                minute: Timestamp::from_micros(minute * 60_000_000),
                hits,
                bytes: hits,
            };
            [10, 50, 64, 58].into_iter().for_each(&mut append);
            assert!(given.recv_timeout(Duration::from_millis(200)).is_err(), "the first minute may still have some");
            append(65);
            assert_eq!(given.recv_timeout(Duration::from_secs(20)).unwrap(), minute(0, 3), "{parallelism} tasks");
            // The first record is late, the others are not.
            [59, 61, 130].into_iter().for_each(&mut append);
            assert_eq!(given.recv_timeout(Duration::from_secs(20)).unwrap(), minute(1, 3));
            log.seal_all().unwrap();
            assert_eq!(given.recv_timeout(Duration::from_secs(20)).unwrap(), minute(2, 1));
            job.join().unwrap().unwrap();
            assert!(given.recv().is_err());
        }
    });
}

/// The length of a page's name, the minute, and the number of clicks.
type Count = (u64, Timestamp, u64);

/// Two aggregates of the same windows, and the late records, which are in neither.
#[dataflow]
fn with_late(clicks: DataStream<Click>) -> (DataStream<Hits>, DataStream<Count>, DataStream<Click>) {
    let timed = clicks.event_time(|c| c.time, Lateness::none()).filter(|c| c.bytes % 7 != 0);
    let windows = timed.group_by(|c| c.url.len()).window(Tumbling::of(mins(1)));
    let hits = windows.aggregate(|w| {
        let letters = w.key;
        Hits { url: letters.to_string(), minute: w.start, hits: w.count(), bytes: w.sum(|c| c.bytes) }
    });
    (hits, windows.count(), windows.late())
}

#[dataflow]
fn late_alone(clicks: DataStream<Click>) -> DataStream<String> {
    let timed = clicks.event_time(|c| c.time, Lateness::none());
    timed.group_by(|c| c.url).window(Tumbling::of(mins(1))).late().map(|c| c.url)
}

/// Clicks of which each fifth is up to ten minutes late.
fn log_of_late_clicks(path: &str) -> Vec<Click> {
    let mut log = LogWriter::create(path, 3).unwrap();
    let (mut random, mut all) = (Random(23), Vec::new());
    for number in 0..20_000 {
        let second = number / 10;
        let behind = if random.below(5) == 0 { random.below(second.min(600) + 1) } else { 0 };
        let click = click(second - behind, &mut random);
        log.append_to(random.below(3) as usize, &click).unwrap();
        all.push(click);
        if random.below(100) == 0 {
            log.flush().unwrap();
        }
    }
    log.seal_all().unwrap();
    all
}

/// Each record is either in the windows or late, for all aggregates of the windows.
#[test]
fn late_records_have_one_output_and_none_is_lost() {
    within_two_minutes("late records", || {
        let folder = Folder::default();
        let log = folder.join("log");
        let written = log_of_late_clicks(&log);
        let scarce = (2, 100 << 20);
        for (parallelism, memory_bytes) in PARALLELISM.map(|tasks| (tasks, 512 << 20)).into_iter().chain([scarce]) {
            let what = format!("{parallelism} tasks, {memory_bytes} bytes");
            let output = Folder::default();
            let env = Env::new(Options { memory_bytes, ..local(parallelism).options().clone() });
            let (hits, counts, late) = with_late(env.read_log(&log).unwrap());
            hits.write_native(output.join("hits"));
            counts.write_native(output.join("counts"));
            late.write_native(output.join("late"));
            late_alone(env.read_log(&log).unwrap()).write_native(output.join("alone"));
            env.run().unwrap();
            let read = local(1);
            let late: Vec<Click> = read.read_native(output.join("late")).unwrap().collect().unwrap();
            assert!(late.len() > 100 && late.len() < written.len() / 5, "{} late records, {what}", late.len());
            let mut rest: BTreeMap<(String, Timestamp, u64), usize> = BTreeMap::new();
            for click in written.iter().filter(|c| c.bytes % 7 != 0) {
                *rest.entry((click.url.clone(), click.time, click.bytes)).or_default() += 1;
            }
            for click in late {
                let times = rest.get_mut(&(click.url, click.time, click.bytes)).unwrap();
                *times = times.checked_sub(1).unwrap_or_else(|| panic!("a late record twice, {what}"));
            }
            let in_time = || {
                let each = rest.iter().flat_map(|(click, &times)| std::iter::repeat_n(click, times));
                each.map(|(url, time, bytes)| (url.len().to_string(), *time, *bytes))
            };
            let expected = counted(in_time());
            let found = read.read_native(output.join("hits")).unwrap().collect().unwrap();
            same_records(&format!("hits, {what}"), found, expected.clone());
            let found = read.read_native(output.join("counts")).unwrap().collect().unwrap();
            let count = |h: Hits| (h.url.parse::<u64>().unwrap(), h.minute, h.hits);
            same_records(&format!("counts, {what}"), found, expected.into_iter().map(count).collect());
            let alone = read.read_native::<String>(output.join("alone")).unwrap().collect().unwrap();
            assert!(alone.len() > 100 && alone.len() < written.len() / 4, "{} late records, {what}", alone.len());
        }
    });
}

/// The embedded engine reads all records before it emits windows.
#[test]
fn the_embedded_engine_has_no_late_records() {
    let folder = Folder::default();
    log_of_late_clicks(&folder.join("log"));
    let env = tests::embedded();
    late_alone(env.read_log(folder.join("log")).unwrap()).write_native(folder.join("late"));
    env.run().unwrap();
    assert!(local(1).read_native::<String>(folder.join("late")).unwrap().collect().unwrap().is_empty());
}

/// Reading late records ships records once, like windows alone.
#[test]
fn records_are_shipped_once_with_and_without_late_output() {
    let folder = Folder::default();
    log_of_late_clicks(&folder.join("log"));
    let shipped = |with: bool| {
        let env = local(2);
        let (hits, _, late) = with_late(env.read_log(folder.join("log")).unwrap());
        hits.write_native(folder.join("hits"));
        if with {
            late.write_native(folder.join("late"));
        }
        let plan = env.explain().unwrap();
        println!("{plan}");
        assert_eq!(plan.matches("set late records aside").count(), usize::from(with), "{plan}");
        plan.matches("hash:").count()
    };
    assert_eq!(shipped(false), 1);
    assert_eq!(shipped(true), 1);
}

/// Windows of a length, over a log whose records have these event times in microseconds.
fn windows_of(
    env: &Env,
    length: Duration,
    times: &[i64],
    folder: &Folder,
) -> dataflow::Result<Vec<(u64, Timestamp, u64)>> {
    let mut log = LogWriter::create(folder.join("log"), 1)?;
    for &time in times {
        log.append(&Click { url: "a".to_owned(), time: Timestamp::from_micros(time), bytes: 1 })?;
    }
    log.seal_all()?;
    counted_by(env.read_log(folder.join("log"))?, length).write_native(folder.join("out"));
    env.run()?;
    env.read_native::<(u64, Timestamp, u64)>(folder.join("out"))?.sort(|count| count.1).collect()
}

#[dataflow]
fn counted_by(clicks: DataStream<Click>, length: Duration) -> DataStream<(u64, Timestamp, u64)> {
    let timed = clicks.event_time(|c| c.time, Lateness::none());
    timed.group_by(|c| c.bytes).window(Tumbling::of(length)).count()
}

#[test]
fn invalid_window_lengths_are_rejected() {
    for (length, named) in [
        (Duration::ZERO, "0ns"),
        (Duration::from_nanos(999), "999ns"),
        (Duration::MAX, "18446744073709551615.999999999s"),
    ] {
        on_each_engine(|engine, env| {
            let error = windows_of(env, length, &[1], &Folder::default()).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("window"), "{engine}: {error}");
            assert!(error.contains("tests/windows.rs:"), "{engine}: {error}");
        });
    }
    on_each_engine(|engine, env| {
        let found = windows_of(env, Duration::from_micros(1), &[1, 2, 2], &Folder::default()).unwrap();
        let time = Timestamp::from_micros;
        assert_eq!(found, [(1, time(1), 1), (1, time(2), 2)], "{engine}");
    });
}

#[test]
fn event_times_whose_window_is_out_of_range_are_rejected() {
    let minute = mins(1);
    let floor = |time: i64| time - time.rem_euclid(60_000_000);
    // The last window that ends within the range of times, and the first that starts within it.
    let (first, last) = (floor(i64::MIN + 60_000_000), floor(i64::MAX) - 60_000_000);
    on_each_engine(|engine, env| {
        let found = windows_of(env, minute, &[first, 0, last + 59_999_999], &Folder::default()).unwrap();
        let time = Timestamp::from_micros;
        assert_eq!(found, [(1, time(first), 1), (1, time(0), 1), (1, time(last), 1)], "{engine}");
        for wrong in [i64::MIN, i64::MIN + 1, first - 1, last + 60_000_000, i64::MAX - 1, i64::MAX] {
            let error = windows_of(env, minute, &[0, wrong], &Folder::default()).unwrap_err().to_string();
            assert!(error.contains(&format!("event time {} ", time(wrong))), "{engine}, {wrong}: {error}");
            assert!(error.contains("tests/windows.rs:"), "{engine}: {error}");
        }
    });
}
