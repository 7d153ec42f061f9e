//! Logs that are followed while they are written: every record once, each split in order, with
//! little delay, and without work while nothing is new.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use dataflow::prelude::*;
use dataflow::{LogWriter, Mode};
use tests::{Folder, PARALLELISM, Random, local, on_each_engine, same_records, within_two_minutes};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    split: u32,
    number: u64,
    note: Option<String>,
}

fn event(split: usize, number: u64) -> Event {
    let note = (!number.is_multiple_of(3)).then(|| format!("the note of event {number} is longer than a slot"));
    Event { split: split as u32, number, note }
}

/// A log of events in random splits and blocks of random lengths, with its events.
fn log_of_events(path: &str, splits: usize, events: u64) -> (LogWriter<Event>, Vec<Event>) {
    let mut log = LogWriter::create(path, splits).unwrap();
    let (mut random, mut all) = (Random(7), Vec::new());
    for number in 0..events {
        let event = event(random.below(splits as u64) as usize, number);
        log.append_to(event.split as usize, &event).unwrap();
        all.push(event);
        if random.below(50) == 0 {
            log.flush().unwrap();
        }
    }
    log.flush().unwrap();
    (log, all)
}

/// Sends the split and number of each event that a closure sees.
type Seen = Sender<(u32, u64)>;

#[dataflow]
fn told(events: DataStream<Event>, seen: Seen) -> DataStream<u64> {
    events.map(|e| {
        let _ = seen.send((e.split, e.number));
        e.number
    })
}

#[dataflow]
fn told_after_exchanges(events: DataStream<Event>, seen: Seen) -> DataStream<u64> {
    events.rebalance().map(|e| (e.split, e.number)).partition_by(|e| e.1).map(|e| {
        let _ = seen.send(e);
        e.1
    })
}

/// Delays the events of the first split.
#[dataflow]
fn slowly_seen(events: DataStream<Event>, seen: Seen) -> DataStream<u64> {
    events.map(|e| {
        if e.split == 0 && e.number % 100 == 0 {
            thread::sleep(Duration::from_millis(1));
        }
        let _ = seen.send((e.split, e.number));
        e.number
    })
}

type Pipeline = fn(DataStream<Event>, Seen) -> DataStream<u64>;
type Job = thread::JoinHandle<dataflow::Result<()>>;

/// Starts a job that follows a log until it is sealed, and writes the numbers of its events.
fn follow(parallelism: usize, folder: &Folder, pipeline: Pipeline) -> (Job, Receiver<(u32, u64)>) {
    let (log, output, (seen, told)) = (folder.join("log"), folder.join("numbers"), channel());
    let job = thread::spawn(move || {
        let env = local(parallelism);
        pipeline(env.read_log(&log)?, seen).write_native(&output);
        env.run().map(|_| ())
    });
    (job, told)
}

/// The numbers that the job wrote.
fn numbers(folder: &Folder) -> Vec<u64> {
    let mut numbers: Vec<u64> = local(1).read_native(folder.join("numbers")).unwrap().collect().unwrap();
    numbers.sort_unstable();
    numbers
}

const MINUTE: Duration = Duration::from_secs(60);

#[dataflow]
fn united(events: DataStream<Event>, others: DataStream<Event>) -> DataStream<(u32, u64)> {
    let noted = events.filter(|e| e.note.is_some());
    noted.union(others).flat_map(|e| (0..e.number % 3).map(move |n| (e.split, e.number + n)))
}

/// The same program over the same records. It ends because the log is sealed.
#[test]
fn every_engine_runs_a_stream_over_a_sealed_log() {
    within_two_minutes("sealed logs", || {
        let folder = Folder::default();
        let (log, events) = log_of_events(&folder.join("log"), 3, 5_000);
        log.seal_all().unwrap();
        let (log, others) = log_of_events(&folder.join("others"), 1, 500);
        log.seal_all().unwrap();
        let noted = events.iter().filter(|e| e.note.is_some()).chain(&others);
        let expected: Vec<(u32, u64)> =
            noted.flat_map(|e| (0..e.number % 3).map(move |n| (e.split, e.number + n))).collect();
        on_each_engine(|engine, env| {
            let output = Folder::default();
            let [events, others] = ["log", "others"].map(|name| env.read_log(folder.join(name)).unwrap());
            united(events, others).write_native(output.join("out"));
            env.run().unwrap();
            let found = env.read_native(output.join("out")).unwrap().collect().unwrap();
            same_records(engine, found, expected.clone());
        });
        on_each_engine(|engine, env| {
            same_records(engine, env.read_log_to_end(folder.join("log")).unwrap().collect().unwrap(), events.clone());
        });
    });
}

#[test]
fn the_embedded_engine_rejects_an_open_log() {
    let folder = Folder::default();
    let (_log, _) = log_of_events(&folder.join("log"), 1, 10);
    let env = tests::embedded();
    let (seen, _told) = channel();
    told(env.read_log(folder.join("log")).unwrap(), seen).write_native(folder.join("numbers"));
    let message = env.run().unwrap_err().to_string();
    assert!(
        message.contains("tests/tests/logs.rs:") && message.contains("seal the log, or run the local engine"),
        "{message}"
    );
}

#[test]
fn reading_to_the_end_covers_records_present_at_the_start() {
    let folder = Folder::default();
    let (mut log, mut events) = log_of_events(&folder.join("log"), 2, 1_000);
    on_each_engine(|engine, env| {
        let flow: DataSet<Event> = env.read_log_to_end(folder.join("log")).unwrap();
        let late = event(1, 1_000_000);
        log.append_to(1, &late).unwrap();
        log.flush().unwrap();
        same_records(engine, flow.collect().unwrap(), events.clone());
        events.push(late);
    });
}

/// A writer that opens a log gets all of its splits, including those that other writers have ended.
#[test]
fn records_go_to_splits_that_are_not_sealed() {
    let folder = Folder::default();
    drop(LogWriter::<u64>::create(folder.join("log"), 2).unwrap());
    LogWriter::<u64>::add(folder.join("log"), 2).unwrap().seal().unwrap();
    let mut log = LogWriter::<u64>::open(folder.join("log"), 1).unwrap();
    assert_eq!(log.splits(), 4);
    (0..10_u64).for_each(|number| log.append(number).unwrap());
    let message = log.append_to(3, 7_u64).unwrap_err().to_string();
    assert!(message.ends_with("split-00003.log: the split is sealed: nothing may follow its end"), "{message}");
    let message = log.append_to(4, 7_u64).unwrap_err().to_string();
    assert!(message.ends_with("there is no split 4: this writer has 4, from 0"), "{message}");
    log.seal_all().unwrap();
    let found = local(1).read_log_to_end::<u64>(folder.join("log")).unwrap().collect().unwrap();
    assert_eq!(found, [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]);
}

/// Follows a writer that appends to several splits and adds one.
#[test]
fn records_are_read_once_and_in_order_per_split() {
    within_two_minutes("a followed log", || {
        const EVENTS: u64 = 20_000;
        for parallelism in PARALLELISM {
            for (pipeline, is_one_stage) in [(told as Pipeline, true), (told_after_exchanges, false)] {
                let folder = Folder::default();
                let mut log = LogWriter::<Event>::create(folder.join("log"), 3).unwrap();
                let (job, seen_events) = follow(parallelism, &folder, pipeline);
                let mut random = Random(parallelism as u64);
                let mut added = None;
                for number in 0..EVENTS {
                    let split = random.below(3) as usize;
                    log.append_to(split, &event(split, number)).unwrap();
                    if random.below(300) == 0 {
                        log.flush().unwrap();
                        thread::sleep(Duration::from_micros(random.below(2_000)));
                    }
                    if number == EVENTS / 2 {
                        added = Some(LogWriter::<Event>::add(folder.join("log"), 1).unwrap());
                    }
                    if let Some(added) = &mut added {
                        added.append(&event(3, EVENTS + number)).unwrap();
                    }
                }
                added.unwrap().seal().unwrap();
                log.seal_all().unwrap();
                job.join().unwrap().unwrap();
                let seen: Vec<(u32, u64)> = seen_events.iter().collect();
                let expected: Vec<u64> = (0..EVENTS).chain(EVENTS + EVENTS / 2..2 * EVENTS).collect();
                assert_eq!((seen.len(), numbers(&folder) == expected), (expected.len(), true), "{parallelism} tasks");
                for split in (0..4).filter(|_| is_one_stage) {
                    let of_split = || seen.iter().filter(|(of, _)| *of == split).map(|&(_, number)| number);
                    assert!(
                        of_split().is_sorted() && of_split().count() > 1_000,
                        "split {split} in {parallelism} tasks"
                    );
                }
            }
        }
    });
}

#[test]
fn splits_added_later_are_found() {
    within_two_minutes("new splits", || {
        for parallelism in PARALLELISM {
            let folder = Folder::default();
            let log = LogWriter::<Event>::create(folder.join("log"), 1).unwrap();
            let (job, seen_events) = follow(parallelism, &folder, told);
            for split in 1..6 {
                let mut added = LogWriter::<Event>::add(folder.join("log"), 1).unwrap();
                added.append(&event(split, split as u64)).unwrap();
                added.flush().unwrap();
                assert_eq!(seen_events.recv_timeout(MINUTE), Ok((split as u32, split as u64)));
            }
            log.seal_all().unwrap();
            job.join().unwrap().unwrap();
            assert_eq!(numbers(&folder), [1, 2, 3, 4, 5]);
        }
    });
}

/// The latencies from appending a record until a closure sees it, sorted. Also the other events
/// that were received. There is a pause before each append.
fn latencies(
    log: &mut LogWriter<Event>,
    split: usize,
    seen_events: &Receiver<(u32, u64)>,
) -> (Vec<Duration>, Vec<(u32, u64)>) {
    let mut others = Vec::new();
    let mut latencies: Vec<Duration> = (0..20)
        .map(|number| {
            thread::sleep(Duration::from_millis(17 * (number % 5)));
            log.append_to(split, &event(split, number)).unwrap();
            log.flush().unwrap();
            let appended = Instant::now();
            let mut seen_events = std::iter::repeat_with(|| seen_events.recv_timeout(MINUTE).unwrap());
            others.extend(seen_events.by_ref().take_while(|&told| told != (split as u32, number)));
            appended.elapsed()
        })
        .collect();
    latencies.sort();
    (latencies, others)
}

#[test]
fn records_of_an_idle_log_arrive_with_little_delay() {
    within_two_minutes("latency", || {
        for parallelism in PARALLELISM {
            for pipeline in [told, told_after_exchanges] {
                let folder = Folder::default();
                let mut log = LogWriter::<Event>::create(folder.join("log"), 2).unwrap();
                let (job, seen_events) = follow(parallelism, &folder, pipeline);
                let (latencies, _) = latencies(&mut log, 1, &seen_events);
                log.seal_all().unwrap();
                job.join().unwrap().unwrap();
                // The median, since other tests may load the machine.
                assert!(latencies[10] < Duration::from_millis(100), "{parallelism} tasks: {latencies:?}");
            }
        }
    });
}

#[test]
fn a_split_with_many_records_delays_no_other_split() {
    within_two_minutes("a busy split", || {
        const EVENTS: u64 = 400_000;
        let folder = Folder::default();
        let mut log = LogWriter::<Event>::create(folder.join("log"), 2).unwrap();
        for number in 0..EVENTS {
            log.append_to(0, &event(0, number)).unwrap();
            if number % 1_000 == 0 {
                log.flush().unwrap();
            }
        }
        log.flush().unwrap();
        let (job, seen_events) = follow(1, &folder, slowly_seen);
        let (latencies, busy) = latencies(&mut log, 1, &seen_events);
        assert!(!busy.is_empty() && !busy.contains(&(0, EVENTS - 1)), "{} of the busy split come first", busy.len());
        assert!(latencies[10] < Duration::from_millis(300), "{latencies:?}");
        log.seal_all().unwrap();
        job.join().unwrap().unwrap();
    });
}

#[dataflow]
fn checked(events: DataStream<Event>, others: DataStream<Event>) -> DataStream<u64> {
    let numbers = events.try_map(|e| if e.number == 77 { Err("an event that is none") } else { Ok(e.number) });
    numbers.union(others.map(|e| e.number))
}

/// Waiting tasks are notified of the end of the job.
#[test]
fn an_error_ends_a_job_whose_tasks_wait() {
    within_two_minutes("an error beside tasks that wait", || {
        for parallelism in PARALLELISM {
            let folder = Folder::default();
            let mut log = LogWriter::<Event>::create(folder.join("log"), 1).unwrap();
            let _others = LogWriter::<Event>::create(folder.join("others"), 5).unwrap();
            let paths = ["log", "others", "out"].map(|name| folder.join(name));
            let job = thread::spawn(move || {
                let env = local(parallelism);
                checked(env.read_log(&paths[0])?, env.read_log(&paths[1])?).write_native(&paths[2]);
                env.run()
            });
            thread::sleep(Duration::from_millis(200));
            log.append(&event(0, 77)).unwrap();
            log.flush().unwrap();
            let appended = Instant::now();
            let message = job.join().unwrap().unwrap_err().to_string();
            assert!(message.contains("an event that is none"), "{message}");
            assert!(appended.elapsed() < Duration::from_secs(2), "it takes {:?}", appended.elapsed());
        }
    });
}

#[test]
fn damage_ends_the_job_with_file_and_byte() {
    within_two_minutes("a damaged log", || {
        let folder = Folder::default();
        let (log, _) = log_of_events(&folder.join("log"), 1, 1_000);
        drop(log);
        let path = folder.join("log/split-00000.log");
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let (job, seen_events) = follow(2, &folder, told);
        let message = job.join().unwrap().unwrap_err().to_string();
        assert!(message.contains("split-00000.log, byte ") && message.contains("checksum does not fit"), "{message}");
        assert!(seen_events.iter().zip(0..).all(|((_, number), expected)| number == expected));
    });
}

#[test]
fn a_split_truncated_while_followed_is_named() {
    within_two_minutes("a split that is cut", || {
        let folder = Folder::default();
        let (_log, events) = log_of_events(&folder.join("log"), 2, 100);
        let (job, seen_events) = follow(2, &folder, told);
        assert_eq!(seen_events.iter().take(events.len()).count(), events.len());
        let path = folder.join("log/split-00001.log");
        std::fs::File::options().write(true).open(&path).unwrap().set_len(200).unwrap();
        let message = job.join().unwrap().unwrap_err().to_string();
        assert!(message.contains(&format!("{path} was read up to byte ")), "{message}");
        assert!(message.contains("now ends at byte 200: it was replaced or cut off"), "{message}");
    });
}

/// A program appends until it is killed, repeatedly. Its appended records are complete.
#[test]
fn appended_records_survive_a_killed_writer() {
    within_two_minutes("writers that are killed", || {
        let folder = Folder::default();
        drop(LogWriter::<u64>::create(folder.join("log"), 1).unwrap());
        let (log, output) = (folder.join("log"), folder.join("out"));
        let job = thread::spawn(move || {
            let env = local(2);
            env.read_log::<u64>(&log)?.write_native(&output);
            env.run()
        });
        let mut random = Random(3);
        for _ in 0..8 {
            let mut writer = Command::new(env!("CARGO_BIN_EXE_follow"))
                .args(["write", &folder.join("log")])
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            thread::sleep(Duration::from_millis(20 + random.below(60)));
            writer.kill().unwrap();
            writer.wait().unwrap();
        }
        LogWriter::<u64>::open(folder.join("log"), 1).unwrap().seal_all().unwrap();
        job.join().unwrap().unwrap();
        let followed: Vec<u64> = local(1).read_native(folder.join("out")).unwrap().collect().unwrap();
        let appended: Vec<u64> = local(1).read_log_to_end(folder.join("log")).unwrap().collect().unwrap();
        assert!(followed.len() == appended.len() && appended.len() > 100, "{} of {}", followed.len(), appended.len());
        // Each writer starts at 0 and skips no number.
        let follows = |pair: &[u64]| pair[1] == pair[0] + 1 || pair[1] == 0;
        assert!(appended[0] == 0 && appended.windows(2).all(follows));
        same_records("local", followed, appended);
    });
}

/// For a job that waits for records of this number of splits: its threads, milliseconds of
/// processor time, elapsed milliseconds, and timer threads at the end.
fn waiting(splits: usize) -> [u64; 4] {
    let folder = Folder::default();
    let arguments = ["wait", &folder.join("log"), &splits.to_string()];
    let done = Command::new(env!("CARGO_BIN_EXE_follow")).args(arguments).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&done.stderr)))
}

#[test]
fn a_waiting_job_takes_few_threads_and_little_time() {
    let (few, many) = (waiting(1), waiting(64));
    assert_eq!((few[0], few[3], many[3]), (many[0], 0, 0), "{few:?}, {many:?}");
    for [_, taken, waited, _] in [few, many] {
        assert!(taken < waited / 5, "{taken} ms of {waited}");
    }
}

/// Output that users see while the job runs appears with its record.
#[test]
fn printed_records_appear_as_they_arrive() {
    within_two_minutes("printed as it comes", || {
        for mode in ["print", "json"] {
            let folder = Folder::default();
            let mut log = LogWriter::<u64>::create(folder.join("log"), 2).unwrap();
            let mut reader = Command::new(env!("CARGO_BIN_EXE_follow"))
                .args([mode, &folder.join("log")])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(reader.stdout.take().unwrap()).lines();
            let (printed, seen) = channel();
            let reading = thread::spawn(move || lines.for_each(|line| printed.send(line.unwrap()).unwrap()));
            for number in [2_u64, 4, 6, 8] {
                log.append(number).unwrap();
                log.flush().unwrap();
                assert_eq!(seen.recv_timeout(MINUTE), Ok(number.to_string()), "{mode}");
            }
            log.seal_all().unwrap();
            assert!(reader.wait().unwrap().success());
            reading.join().unwrap();
        }
    });
}

#[dataflow]
fn some(events: DataStream<Event>) -> DataStream<u64> {
    events.map(|e| e.number).first(3)
}

/// Although the log continues.
#[test]
fn a_stream_ends_when_its_consumer_has_enough() {
    within_two_minutes("first of a stream", || {
        for parallelism in PARALLELISM {
            let folder = Folder::default();
            let (_log, _) = log_of_events(&folder.join("log"), 2, 100);
            let env = local(parallelism);
            some(env.read_log(folder.join("log")).unwrap()).write_native(folder.join("numbers"));
            env.run().unwrap();
            assert_eq!(numbers(&folder).len(), 3);
        }
    });
}

#[dataflow]
fn late<M: Mode>(events: Flow<Event, M>, least: u64) -> Flow<u64, M> {
    events.filter(|e| e.number >= least).map(|e| e.number)
}

/// One program, over a finished flow and over a stream.
#[test]
fn a_pipeline_may_accept_finite_flows_and_streams() {
    let folder = Folder::default();
    let (log, events) = log_of_events(&folder.join("log"), 2, 1_000);
    let expected: Vec<u64> = (events.len() as u64 - 100..events.len() as u64).collect();
    let found = late(local(2).read_log_to_end(folder.join("log")).unwrap(), 900).collect().unwrap();
    same_records("to its end", found, expected.clone());
    log.seal_all().unwrap();
    let env = local(2);
    late(env.read_log(folder.join("log")).unwrap(), 900).write_native(folder.join("numbers"));
    env.run().unwrap();
    assert_eq!(numbers(&folder), expected);
}

#[dataflow]
fn pairs(events: DataStream<Event>) -> DataStream<(u64, u64)> {
    let all = events.map(|e| (e.number, 1u64));
    let odd = all.filter(|e| e.0 % 2 == 1);
    all.join(odd).on(|a| a.0, |b| b.0).map(|a, b| (a.0, b.1))
}

/// A branch that waits for another branch of an endless flow would fill the disk.
#[test]
fn branches_that_would_wait_for_ever_are_rejected() {
    within_two_minutes("branches that wait for ever", || {
        let folder = Folder::default();
        let (_log, _) = log_of_events(&folder.join("log"), 1, 10);
        let env = local(2);
        pairs(env.read_log(folder.join("log")).unwrap()).write_native(folder.join("out"));
        let message = env.run().unwrap_err().to_string();
        assert!(
            message.starts_with("`join") && message.contains("one branch of `all` (map) at tests/tests/logs.rs:"),
            "{message}"
        );
        assert!(message.ends_with("would grow for ever; read the source once for each branch"), "{message}");
    });
}
