//! The greatest records of windows. What the message proposes compiles.
use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Visit {
    key: String,
    id: u64,
    hits: u64,
    time: Timestamp,
}

#[dataflow]
fn best(visits: TimedStream<Visit>) -> DataStream<Visit> {
    visits.group_by(|v| v.key).window(Tumbling::of(hours(1))).top(3, |v| desc(v.hits))
}

#[dataflow]
fn greatest(visits: TimedStream<Visit>) -> DataStream<(String, Timestamp, u64)> {
    let windows = visits.group_by(|r| r.key).window(Tumbling::of(hours(1)));
    windows.aggregate(|w| (w.key, w.start, w.max_by(|r| r.hits, |r| r.id)))
}

#[dataflow]
fn best_of_a_log(visits: DataSet<Visit>) -> DataSet<Visit> {
    visits.group_by(|r| (r.key, r.time.truncate(TimeUnit::Hour))).top(3, |r| desc(r.hits))
}

#[dataflow]
fn measured(visits: TimedStream<Visit>) -> DataStream<(String, f64, u64, u64)> {
    let windows = visits.group_by(|r| r.key).window(Tumbling::of(hours(1)));
    windows.aggregate(|w| (w.key, w.avg(|r| r.hits), w.min(|r| r.hits), w.first(|r| r.id)))
}

fn main() {}
