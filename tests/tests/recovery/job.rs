//! The job that is killed, and its expected results.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{Options, ProgressWhen};
use tests::same_records;

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Click {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) time: Timestamp,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hits {
    pub(crate) url: String,
    pub(crate) minute: Timestamp,
    pub(crate) hits: u64,
    pub(crate) numbers: u64,
}

#[dataflow]
pub(crate) fn hits_per_minute(clicks: DataStream<Click>) -> DataStream<Hits> {
    let timed = clicks.event_time(|c| c.time, Lateness::bounded(secs(5)));
    timed.group_by(|c| c.url).window(Tumbling::of(mins(1))).aggregate(|w| HitsRef {
        url: w.key,
        minute: w.start,
        hits: w.count(),
        numbers: w.sum(|c| c.number),
    })
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    of: u64,
    begin: Timestamp,
    times: u64,
    numbers: u64,
    /// The page of the click with the greatest number.
    last: String,
}

/// Number of keys of an exchange after a union.
const KEYS: u64 = 400;

/// One log ends before the other, so tasks receive the end of a round from some tasks and barriers
/// from others.
#[dataflow]
fn of_both(clicks: DataStream<Click>, views: DataStream<Click>) -> DataStream<Seen> {
    // One event time is computed, the other follows a closure.
    let clicks = clicks.map(|c| c).event_time(|c| c.time, Lateness::bounded(secs(5)));
    let views = views.event_time(|v| v.time + secs(0), Lateness::bounded(secs(5)));
    clicks.union(views).group_by(|c| c.number % KEYS).window(Tumbling::of(mins(3))).aggregate(|w| SeenRef {
        of: w.key,
        begin: w.start,
        times: w.count(),
        numbers: w.sum(|c| c.number),
        last: w.max_by(|c| c.number, |c| c.url),
    })
}

/// The union is followed by no exchange: the reading tasks write.
#[dataflow]
fn every_fifth_of_both(clicks: DataStream<Click>, views: DataStream<Click>) -> DataStream<u64> {
    clicks.union(views).filter(|c| c.number % 5 == 0).map(|c| c.number)
}

#[dataflow]
pub(crate) fn every_third(clicks: DataStream<Click>) -> DataStream<u64> {
    clicks.filter(|c| c.number % 3 == 0).map(|c| c.number)
}

/// Each update of a page's count is the number of clicks so far.
#[dataflow]
fn counts(clicks: DataStream<Click>) -> UpdateStream<(String, u64)> {
    clicks.group_by(|c| c.url).count()
}

/// The folder of a job's inputs, outputs and snapshots.
#[derive(Clone)]
pub(crate) struct Places(pub(crate) PathBuf);

impl Places {
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// The epochs of complete snapshots.
    pub(crate) fn snapshots(&self) -> Vec<u64> {
        let Ok(entries) = Path::new(&self.path("snapshots")).read_dir() else { return Vec::new() };
        let whole = entries.map(Result::unwrap).filter(|entry| entry.path().join("manifest.json").exists());
        let name = |entry: std::fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut epochs: Vec<u64> =
            whole.map(|entry| name(entry).strip_prefix("epoch-").unwrap().parse().unwrap()).collect();
        epochs.sort_unstable();
        epochs
    }
}

pub(crate) fn options(places: &Places, parallelism: usize) -> Options {
    Options {
        parallelism,
        memory_bytes: 512 << 20,
        progress: ProgressWhen::Never,
        snapshots: Some(places.path("snapshots").into()),
        snapshot_every: Some(Duration::from_millis(40)),
        restore: true,
        // No split becomes idle, so a split that no task has read yet delays the watermark.
        idle_after: Duration::from_secs(3_600),
        ..Options::default()
    }
}

/// Declares the job.
pub(crate) fn declare(env: &Env, places: &Places) -> dataflow::Result<()> {
    let (clicks, views) = (places.path("log"), places.path("views"));
    let read = |log: &str| env.read_log::<Click>(log);
    hits_per_minute(read(&clicks)?).write_csv(places.path("hits/"));
    every_third(read(&clicks)?).write_native(places.path("thirds/"));
    of_both(read(&clicks)?, read(&views)?).write_native(places.path("both/"));
    every_fifth_of_both(read(&clicks)?, read(&views)?).write_native(places.path("fifths/"));
    // This source ends long before the others.
    every_third(read(&views)?).write_native(places.path("viewed/"));
    counts(read(&clicks)?).write_json(places.path("counts/"));
    Ok(())
}

/// The records written to the logs.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) clicks: Vec<Click>,
    pub(crate) views: Vec<Click>,
}

/// Counts and sums of the records in windows of `minutes`, by key.
fn windows<'c, K: Ord>(
    clicks: impl Iterator<Item = &'c Click>,
    minutes: i64,
    key: impl Fn(&Click) -> K,
) -> BTreeMap<(K, i64), (u64, u64)> {
    let (mut windows, length) = (BTreeMap::new(), minutes * 60_000_000);
    for click in clicks {
        let begin = click.time.micros().div_euclid(length) * length;
        let known: &mut (u64, u64) = windows.entry((key(click), begin)).or_default();
        *known = (known.0 + 1, known.1 + click.number);
    }
    windows
}

/// The number of visible rows in the output of `hits_per_minute`.
pub(crate) fn shown_hits(places: &Places) -> usize {
    quiet().read_csv::<Hits>(places.path("hits/")).map_or(0, |hits| hits.collect().unwrap().len())
}

fn quiet() -> Env {
    Env::new(Options { progress: ProgressWhen::Never, ..Options::default() })
}

/// Checks the output of `hits_per_minute`.
pub(crate) fn check_hits(places: &Places, clicks: &[Click]) {
    let hit = |((url, minute), (hits, numbers)): ((String, i64), (u64, u64))| Hits {
        url,
        minute: Timestamp::from_micros(minute),
        hits,
        numbers,
    };
    let found = quiet().read_csv::<Hits>(places.path("hits/")).unwrap().collect().unwrap();
    let hits = windows(clicks.iter(), 1, |click| click.url.clone());
    same_records("hits", found, hits.into_iter().map(hit).collect());
}

/// Each count of a page was emitted once, up to the last.
fn check_counts(places: &Places, clicks: &[Click]) {
    let (mut counts, mut seen) = (BTreeMap::<String, u64>::new(), BTreeSet::new());
    for (url, count) in quiet().read_json::<(String, u64)>(places.path("counts/")).unwrap().collect().unwrap() {
        // A repeated count was emitted twice.
        assert!(seen.insert((url.clone(), count)), "{url} has {count} clicks twice");
        let known = counts.entry(url).or_default();
        *known = count.max(*known);
    }
    let mut expected = BTreeMap::<String, u64>::new();
    clicks.iter().for_each(|click| *expected.entry(click.url.clone()).or_default() += 1);
    assert_eq!(counts, expected);
}

/// Compares the job's outputs with plain loops over the written records.
pub(crate) fn check(places: &Places, written: &Written) {
    let (Written { clicks, views }, env) = (written, quiet());
    check_hits(places, clicks);
    check_counts(places, clicks);
    let both = || clicks.iter().chain(views);
    let mut last = BTreeMap::<(u64, i64), (u64, Reverse<&String>)>::new();
    for click in both() {
        let begin = click.time.micros().div_euclid(180_000_000) * 180_000_000;
        let new = (click.number, Reverse(&click.url));
        last.entry((click.number % KEYS, begin)).and_modify(|known| *known = new.max(*known)).or_insert(new);
    }
    let seen = |((of, begin), (times, numbers)): ((u64, i64), (u64, u64))| Seen {
        of,
        begin: Timestamp::from_micros(begin),
        times,
        numbers,
        last: last[&(of, begin)].1.0.clone(),
    };
    let found = env.read_native::<Seen>(places.path("both/")).unwrap().collect().unwrap();
    let expected = windows(both(), 3, |click| click.number % KEYS);
    same_records("both", found, expected.into_iter().map(seen).collect());
    let numbers = |output: &str, of: &mut dyn Iterator<Item = &Click>, every: u64| {
        let found = env.read_native::<u64>(places.path(output)).unwrap().collect().unwrap();
        same_records(output, found, of.map(|click| click.number).filter(|number| number % every == 0).collect());
    };
    numbers("thirds/", &mut clicks.iter(), 3);
    numbers("fifths/", &mut both(), 5);
    numbers("viewed/", &mut views.iter(), 3);
}
