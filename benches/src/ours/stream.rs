//! Events counted by key and minute.

use std::env::temp_dir;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{Accumulated, Accumulator, Metrics, Options};

use super::{env, failed, options};
use crate::answer::{Answer, Case, Resources};
use crate::counts::WindowCounts;
use crate::data::events::{self, Event};
use crate::error::{Error, Result};
use crate::suites::stream::{COMMIT_SECONDS, LAST_COMMIT_SECONDS, LONGEST_COMMIT_SECONDS, SNAPSHOT_BYTES, SNAPSHOTS};
use crate::workspace::Paths;

/// Interval at which a job is polled for its end.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The events of a key in a minute.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Hits {
    key: u32,
    minute: Timestamp,
    count: u64,
}

/// The digest of a task's counts.
#[derive(Clone, Default)]
struct Consumed(WindowCounts);

impl Accumulator for Consumed {
    type Item = Hits;
    type Value = WindowCounts;

    fn add(&mut self, hits: Hits) {
        self.0.add(hits.key, hits.minute.micros(), hits.count);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    fn value(&self) -> WindowCounts {
        self.0
    }
}

/// The filter sees each count as it arrives, and keeps none.
#[dataflow]
fn consumed_per_minute(events: DataStream<Event>, consumed: Accumulated<Consumed>) -> DataStream<Hits> {
    events
        .event_time(|e| e.time, Lateness::bounded(secs(5)))
        .group_by(|e| e.key)
        .window(Tumbling::of(mins(1)))
        .aggregate(|w| Hits { key: w.key, minute: w.start, count: w.count() })
        .filter(|h| {
            consumed.add(h);
            false
        })
}

/// Each count is written.
#[dataflow]
fn counted_per_minute(events: DataStream<Event>) -> DataStream<Hits> {
    events
        .event_time(|e| e.time, Lateness::bounded(secs(5)))
        .group_by(|e| e.key)
        .window(Tumbling::of(mins(1)))
        .aggregate(|w| Hits { key: w.key, minute: w.start, count: w.count() })
}

/// Follows the sealed log to its end, from the page cache or from the disk.
pub(super) fn run(case: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let log = events::log(&paths.tables);
    if case.name != "memory" {
        events::drop_from_page_cache(&log)?;
    }
    match case.name {
        "folder" => write(&log, None, resources),
        "snapshot_5s" => write(&log, Some(Duration::from_secs(5)), resources),
        "snapshot_500ms" => write(&log, Some(Duration::from_millis(500)), resources),
        _ => consume(case, &log, resources),
    }
}

fn consume(case: &Case, log: &Path, resources: &Resources) -> Result<Answer> {
    let env = env(resources);
    let consumed = env.accumulator("consumed", Consumed::default());
    let events = env.read_log::<Event>(log.to_string_lossy()).map_err(failed)?;
    let nothing = temp_dir().join(format!("stream-{}.native", case.name));
    consumed_per_minute(events, consumed.clone()).write_native(nothing.to_string_lossy());
    env.run().map_err(failed)?;
    Ok(consumed.value().map_err(failed)?.into_answer())
}

/// Writes the counts to a folder, with snapshots at this interval.
fn write(log: &Path, snapshot_every: Option<Duration>, resources: &Resources) -> Result<Answer> {
    // The folder is removed with the answer, so that no run finds files of another run.
    let place = tempfile::Builder::new().prefix("stream-").tempdir().map_err(Error::io("make", &temp_dir()))?;
    let snapshots = snapshot_every.map(|_| place.path().join("snapshots"));
    let env = Env::new(Options { snapshots, snapshot_every, ..options(resources) });
    // The slash makes it a folder.
    let counts = place.path().join("counts/").display().to_string();
    let events = env.read_log::<Event>(log.to_string_lossy()).map_err(failed)?;
    counted_per_minute(events).write_native(&counts);
    let job = env.start().map_err(failed)?;
    while !job.is_finished() {
        sleep(POLL_INTERVAL);
    }
    let metrics = job.metrics();
    job.wait().map_err(failed)?;
    let answer = Answer::new(1, move |out| {
        let _kept_until_it_is_read = &place;
        writeln!(out, "{}", read(&counts).map_err(io::Error::other)?.row())
    });
    Ok(match snapshot_every {
        Some(_) => answer.with_figures(figures(&metrics)),
        None => answer,
    })
}

/// The figures of a finished job's snapshots. The last snapshot is the one at the job's end. It has
/// no state, and commits all output that was not written before.
fn figures(metrics: &Metrics) -> [(&'static str, f64); 5] {
    let of = metrics.snapshots;
    let taken = of.completed.saturating_sub(1);
    let commit = (of.total - of.last).as_secs_f64() / taken.max(1) as f64;
    [
        (SNAPSHOTS, taken as f64),
        (SNAPSHOT_BYTES, of.bytes as f64),
        (COMMIT_SECONDS, commit),
        (LONGEST_COMMIT_SECONDS, of.longest.as_secs_f64()),
        (LAST_COMMIT_SECONDS, of.last.as_secs_f64()),
    ]
}

/// The digest of the counts in a folder.
fn read(counts: &str) -> dataflow::Result<WindowCounts> {
    let mut sums = WindowCounts::default();
    for hits in Env::new(Options::default()).read_native::<Hits>(counts)?.collect()? {
        sums.add(hits.key, hits.minute.micros(), hits.count);
    }
    Ok(sums)
}
