//! A measure of windows that only groups that end have.
use dataflow::prelude::*;

#[dataflow]
fn visitors(visits: TimedStream<(String, u64)>) -> DataStream<(String, Timestamp, u64)> {
    visits.group_by(|v| v.0).window(Tumbling::of(mins(1))).aggregate(|w| (w.key, w.start, w.count_distinct(|v| v.1)))
}

fn main() {}
