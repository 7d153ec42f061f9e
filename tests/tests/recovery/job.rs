//! The job that is killed, and what it is to come to.

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
    url: String,
    minute: Timestamp,
    hits: u64,
    numbers: u64,
}

#[dataflow]
fn hits_per_minute(clicks: DataStream<Click>) -> DataStream<Hits> {
    let timed = clicks.event_time(|c| c.time, Lateness::bounded(secs(5)));
    timed.group_by(|c| c.url).window(Tumbling::of(mins(1))).aggregate(|w| HitsRef {
        url: w.key,
        minute: w.start,
        hits: w.count(),
        numbers: w.sum(|c| c.number),
    })
}

#[dataflow]
fn every_third(clicks: DataStream<Click>) -> DataStream<u64> {
    clicks.filter(|c| c.number % 3 == 0).map(|c| c.number)
}

/// Each update of a page's count says how many clicks there were by then.
#[dataflow]
fn counts(clicks: DataStream<Click>) -> UpdateStream<(String, u64)> {
    clicks.group_by(|c| c.url).count()
}

/// Where a job reads and writes.
#[derive(Clone)]
pub(crate) struct Places(pub(crate) PathBuf);

impl Places {
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// The snapshots that are whole, by their epochs.
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
        memory_bytes: 256 << 20,
        progress: ProgressWhen::Never,
        snapshots: Some(places.path("snapshots").into()),
        snapshot_every: Some(Duration::from_millis(40)),
        restore: true,
        // No split is behind for another reason than that nobody has come to it.
        idle_after: Duration::from_secs(3_600),
        ..Options::default()
    }
}

/// Declares what the job does.
pub(crate) fn declare(env: &Env, places: &Places) -> dataflow::Result<()> {
    let clicks = env.read_log::<Click>(places.path("log"))?;
    hits_per_minute(clicks).write_csv(places.path("hits/"));
    let again = env.read_log::<Click>(places.path("log"))?;
    every_third(again).write_native(places.path("thirds/"));
    let again = env.read_log::<Click>(places.path("log"))?;
    counts(again).write_json(places.path("counts/"));
    Ok(())
}

/// What the job is to come to: plain loops over the records that were written.
pub(crate) fn check(places: &Places, clicks: &[Click]) {
    let mut hits: BTreeMap<(String, i64), (u64, u64)> = BTreeMap::new();
    for click in clicks {
        let minute = click.time.micros().div_euclid(60_000_000) * 60_000_000;
        let known = hits.entry((click.url.clone(), minute)).or_default();
        *known = (known.0 + 1, known.1 + click.number);
    }
    let hit = |((url, minute), (hits, numbers)): ((String, i64), (u64, u64))| Hits {
        url,
        minute: Timestamp::from_micros(minute),
        hits,
        numbers,
    };
    let env = Env::new(Options { progress: ProgressWhen::Never, ..Options::default() });
    let found = env.read_csv::<Hits>(places.path("hits/")).unwrap().collect().unwrap();
    same_records("hits", found, hits.into_iter().map(hit).collect());
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let updates = env.read_json::<(String, u64)>(places.path("counts/")).unwrap().collect().unwrap();
    let mut seen = BTreeSet::new();
    for (url, count) in updates {
        // A count that is said twice was counted again.
        assert!(seen.insert((url.clone(), count)), "{url} has {count} clicks twice");
        let known = counts.entry(url).or_default();
        *known = count.max(*known);
    }
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    clicks.iter().for_each(|click| *expected.entry(click.url.clone()).or_default() += 1);
    assert_eq!(counts, expected);
    let mut found = env.read_native::<u64>(places.path("thirds/")).unwrap().collect().unwrap();
    found.sort_unstable();
    let mut expected: Vec<u64> = clicks.iter().map(|click| click.number).filter(|number| number % 3 == 0).collect();
    expected.sort_unstable();
    assert!(found == expected, "thirds: {} records of {}", found.len(), expected.len());
}
