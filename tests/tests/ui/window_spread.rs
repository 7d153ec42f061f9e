//! A measure on windows that groups have in `aggregate` only.
use dataflow::prelude::*;

#[dataflow]
fn spread(clicks: TimedStream<(String, u64)>) -> DataStream<(String, Option<f64>)> {
    clicks.group_by(|c| c.0).window(Tumbling::of(mins(1))).stddev(|c| c.1)
}

fn main() {}
