//! A measure of groups on windows.
use dataflow::prelude::*;

#[dataflow]
fn hits(clicks: TimedStream<(String, u64)>) -> DataStream<(String, f64)> {
    clicks.group_by(|c| c.0).window(Tumbling::of(mins(1))).avg(|c| c.1)
}

fn main() {}
