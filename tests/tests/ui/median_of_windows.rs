//! A measure of windows that only groups that end have.
use dataflow::prelude::*;

#[dataflow]
fn medians(readings: TimedStream<(u32, i64)>) -> DataStream<(u32, Timestamp, f64)> {
    readings.group_by(|r| r.0).window(Tumbling::of(mins(1))).aggregate(|w| (w.key, w.start, w.median(|r| r.1)))
}

fn main() {}
