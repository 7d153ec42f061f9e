//! A job whose state is larger than its memory. Snapshots mark, write and restore it while parts of
//! it are on disk.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dataflow::prelude::*;
use dataflow::{Env, LogWriter, Options};
use runtime::error::Error;
use tests::{Folder, Random, same_records, within_two_minutes};

use super::job::{Places, options};
use super::{last_snapshot, spawn_job, wait_for_kill, wait_for_kill_within};

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

/// The window is as long as the logs, so all keys are kept to the end.
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

/// Approximate bytes of a key.
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

/// The minimum memory that the plan states, in bytes.
fn minimum_memory(places: &Places, parallelism: usize) -> usize {
    match job(places, parallelism, 1).unwrap_err().cause() {
        Error::TooLittleMemory { need, .. } => *need,
        other => panic!("{other}"),
    }
}

/// Runs the job in a child process, with the minimum memory.
pub(crate) fn run(places: &Places, parallelism: usize) {
    let report = job(places, parallelism, minimum_memory(places, parallelism)).unwrap();
    std::fs::write(places.path("spilled"), report.spilled_bytes().to_string()).unwrap();
}

/// The logs of a job, and its expected totals.
struct Pages {
    keys: u64,
    logs: [LogWriter<Page>; 2],
    random: Random,
    expected: BTreeMap<u64, (u64, u64)>,
}

impl Pages {
    fn new(places: &Places, keys: u64) -> Self {
        let logs = ["here", "there"].map(|log| LogWriter::create(places.path(log), 2).unwrap());
        Pages { keys, logs, random: Random(3), expected: BTreeMap::new() }
    }

    /// Appends one page for each of these keys.
    fn append(&mut self, keys: impl Iterator<Item = u64>) {
        for (number, key) in keys.enumerate() {
            let time = Timestamp::from_micros(self.random.below(60) as i64);
            let page = Page { url: url(key), number: number as u64, time };
            self.logs[number % 2].append(&page).unwrap();
            let known = self.expected.entry(key).or_default();
            *known = (known.0 + 1, known.1 + page.number);
        }
        self.logs.iter_mut().for_each(|log| log.flush().unwrap());
    }

    /// Appends this number of pages with random keys.
    fn write(&mut self, count: u64) {
        let (keys, mut random) = (self.keys, Random(self.random.below(u64::MAX)));
        self.append((0..count).map(move |_| random.below(keys)));
    }

    /// Seals the logs, runs the job to its end, and checks its result.
    fn finish(self, places: &Places) {
        self.logs.into_iter().for_each(|log| log.seal_all().unwrap());
        assert!(spawn_job("large", places, 2, None).wait().unwrap().success());
        let total = |(key, (times, numbers))| Total { url: url(key), times, numbers };
        let env = Env::new(Options { progress: dataflow::ProgressWhen::Never, ..Options::default() });
        let found = env.read_native::<Total>(places.path("totals/")).unwrap().collect().unwrap();
        same_records("totals", found, self.expected.into_iter().map(total).collect());
    }
}

#[test]
fn state_larger_than_memory_is_saved_and_restored() {
    within_two_minutes("large state", || {
        let folder = Folder::default();
        let places = Places(folder.join("").into());
        // Several times the memory of the tasks.
        let keys = 16_000;
        let mut pages = Pages::new(&places, keys);
        pages.write(2 * keys);
        let kills = [("state-marked", 3), ("manifest-written", 1)];
        for (name, parallelism) in kills {
            let place = format!("{name}:{}", last_snapshot(&places) + 2);
            wait_for_kill(spawn_job("large", &places, parallelism, Some(&place)), &place);
            pages.write(keys / 8);
        }
        pages.finish(&places);
        let spilled: u64 = std::fs::read_to_string(places.path("spilled")).unwrap().parse().unwrap();
        assert!(spilled > 4 << 20, "only {spilled} bytes were spilled");
    });
}

/// The bytes of state in the newest snapshot, if there is one.
fn state_bytes(places: &Places) -> u64 {
    if last_snapshot(places) == 0 {
        return 0;
    }
    let folder = places.path(&format!("snapshots/epoch-{:010}", last_snapshot(places)));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let state = files.filter(|file| file.extension().is_some_and(|end| end == "state"));
    state.map(|file| file.metadata().unwrap().len()).sum()
}

/// `RECOVERY_KILLS` kills of a job in minimum memory: at each step of a snapshot, and at random
/// moments between its start and its first snapshot. `RECOVERY_SEED` chooses the moments.
#[test]
#[ignore = "minutes to an hour, by the number of kills"]
fn state_of_four_times_the_memory_survives_many_kills() {
    let number = |name: &str, otherwise| std::env::var(name).map_or(otherwise, |number| number.parse().unwrap());
    let (kills, mut random) = (number("RECOVERY_KILLS", 100), Random(number("RECOVERY_SEED", 1)));
    let folder = Folder::default();
    let places = Places(folder.join("").into());
    Pages::new(&places, 0);
    let memory = [1, 2].map(|parallelism| minimum_memory(&places, parallelism) as u64);
    ["here", "there"].iter().for_each(|log| std::fs::remove_dir_all(places.path(log)).unwrap());
    let keys = 9 * memory[1] / (2 * KEY_BYTES as u64);
    println!("{memory:?} bytes of memory, {keys} keys");
    let mut pages = Pages::new(&places, keys);
    pages.append(0..keys);
    // No output file is prepared before a window ends.
    let names = ["barrier-injected", "state-marked", "manifest-written", "sink-committed"];
    // The first snapshot from which a job continues contains all keys.
    let mut first = spawn_job("large", &places, 2, None);
    while state_bytes(&places) < 4 * memory[1] {
        assert_eq!(first.try_wait().unwrap(), None, "the child has ended by itself");
        std::thread::sleep(Duration::from_millis(20));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    println!("{} bytes of state", state_bytes(&places));
    let mut longest = Duration::ZERO;
    for kill in 0..kills {
        let (before, begun) = (last_snapshot(&places), Instant::now());
        let parallelism = 1 + kill as usize / 2 % 2;
        if kill % 2 == 0 {
            let place = format!("{}:{}", names[kill as usize / 2 % names.len()], before + 1);
            wait_for_kill_within(
                Duration::from_secs(600),
                spawn_job("large", &places, parallelism, Some(&place)),
                &place,
            );
            longest = longest.max(begun.elapsed());
        } else {
            let mut child = spawn_job("large", &places, parallelism, None);
            std::thread::sleep(Duration::from_micros(random.below(longest.as_micros() as u64)));
            assert_eq!(child.try_wait().unwrap(), None, "the child has ended by itself");
            child.kill().unwrap();
            child.wait().unwrap();
        }
        println!("kill {kill} of {parallelism} tasks after {:?}, snapshot {before}", begun.elapsed());
        pages.write(keys / 50);
    }
    let state = state_bytes(&places);
    assert!(state >= 4 * memory[1], "{state} bytes of state, {memory:?} bytes of memory");
    pages.finish(&places);
    println!("{kills} kills: {state} bytes of state, {memory:?} of memory");
}
