//! A job whose state is larger than its memory: it is marked, written and restored while parts of it are on disk.

use std::collections::BTreeMap;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{Env, LogWriter, Options};
use runtime::error::Error;
use tests::{Folder, Random, same_records, within_two_minutes};

use super::job::{Places, options};
use super::{last_snapshot, spawn_job, wait_for_kill};

#[derive(Record, Clone, Debug)]
struct Page {
    url: String,
    number: u64,
    time: Timestamp,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Total {
    url: String,
    times: u64,
    numbers: u64,
}

/// The window is as long as the logs: all keys are kept to the end.
#[dataflow]
fn totals(here: DataStream<Page>, there: DataStream<Page>) -> DataStream<Total> {
    let here = here.event_time(|p| p.time, Lateness::bounded(secs(1)));
    let there = there.event_time(|p| p.time, Lateness::bounded(secs(1)));
    here.union(there).group_by(|p| p.url).window(Tumbling::of(hours(1))).aggregate(|w| TotalRef {
        url: w.key,
        times: w.count(),
        numbers: w.sum(|p| p.number),
    })
}

/// Keys, and how long each of them is, about: together some times the memory of the tasks.
const KEYS: u64 = 16_000;
const KEY_BYTES: usize = 1_200;

fn url(key: u64) -> String {
    let key = format!("/{key}");
    key.repeat(KEY_BYTES / key.len())
}

fn job(places: &Places, parallelism: usize, memory_bytes: usize) -> dataflow::Result<dataflow::Report> {
    let snapshot_every = Some(Duration::from_millis(100));
    let env = Env::new(Options { memory_bytes, snapshot_every, ..options(places, parallelism) });
    totals(env.read_log(places.path("here"))?, env.read_log(places.path("there"))?)
        .write_native(places.path("totals/"));
    env.run()
}

/// In a child: with the least memory that the plan runs with.
pub(crate) fn run(places: &Places, parallelism: usize) {
    let least = match job(places, parallelism, 1).unwrap_err().cause() {
        Error::TooLittleMemory { need, .. } => *need,
        other => panic!("{other}"),
    };
    let report = job(places, parallelism, least).unwrap();
    std::fs::write(places.path("spilled"), report.spilled_bytes().to_string()).unwrap();
}

#[test]
fn state_that_is_larger_than_memory_is_taken_and_restored() {
    within_two_minutes("large state", || {
        let folder = Folder::default();
        let places = Places(folder.join("").into());
        let mut logs = ["here", "there"].map(|log| LogWriter::create(places.path(log), 2).unwrap());
        let (mut random, mut expected) = (Random(3), BTreeMap::<u64, (u64, u64)>::new());
        let mut write = |count: u64| {
            for number in 0..count {
                let key = random.below(KEYS);
                let page = Page { url: url(key), number, time: Timestamp::from_micros(random.below(60) as i64) };
                logs[(number % 2) as usize].append(&page).unwrap();
                let known = expected.entry(key).or_default();
                *known = (known.0 + 1, known.1 + number);
            }
            logs.iter_mut().for_each(|log| log.flush().unwrap());
        };
        write(2 * KEYS);
        let kills = [("state-marked", 3), ("manifest-written", 1)];
        for (name, parallelism) in kills {
            let place = format!("{name}:{}", last_snapshot(&places) + 2);
            wait_for_kill(spawn_job("large", &places, parallelism, Some(&place)), &place);
            write(KEYS / 8);
        }
        logs.into_iter().for_each(|log| log.seal_all().unwrap());
        assert!(spawn_job("large", &places, 2, None).wait().unwrap().success());
        let spilled: u64 = std::fs::read_to_string(places.path("spilled")).unwrap().parse().unwrap();
        assert!(spilled > 4 << 20, "only {spilled} bytes were spilled");
        let total = |(key, (times, numbers))| Total { url: url(key), times, numbers };
        let env = Env::new(Options { progress: dataflow::ProgressWhen::Never, ..Options::default() });
        let found = env.read_native::<Total>(places.path("totals/")).unwrap().collect().unwrap();
        same_records("totals", found, expected.into_iter().map(total).collect());
    });
}
