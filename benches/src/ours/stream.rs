//! Events counted by key and minute.

use std::env::temp_dir;

use dataflow::prelude::*;
use dataflow::{Accumulated, Accumulator};

use super::{env, failed};
use crate::answer::{Answer, Case, Resources};
use crate::counts::WindowCounts;
use crate::data::events::{self, Event};
use crate::error::Result;
use crate::workspace::Paths;

/// The events of a key in a minute.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Hits {
    key: u32,
    minute: Timestamp,
    count: u64,
}

/// The counts that a task was given.
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

/// The filter looks at each count as it comes, and keeps none.
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

/// Follows the sealed log to its end: from the page cache, or from the disk.
pub(super) fn run(case: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let log = events::log(&paths.tables);
    if case.name == "log" {
        events::forget(&log)?;
    }
    let env = env(resources);
    let consumed = env.accumulator("consumed", Consumed::default());
    let events = env.read_log::<Event>(log.to_string_lossy()).map_err(failed)?;
    let nothing = temp_dir().join(format!("stream-{}.native", case.name));
    consumed_per_minute(events, consumed.clone()).write_native(nothing.to_string_lossy());
    env.run().map_err(failed)?;
    Ok(consumed.value().map_err(failed)?.into_answer())
}
