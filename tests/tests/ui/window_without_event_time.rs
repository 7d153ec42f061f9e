//! Windows over records of which nobody has said when what they tell of happened.
use dataflow::prelude::*;

#[dataflow]
fn hits(clicks: DataStream<(String, Timestamp)>) -> DataStream<(String, Timestamp, u64)> {
    clicks.group_by(|c| c.0).window(Tumbling::of(mins(1))).aggregate(|w| (w.key, w.start, w.count()))
}

fn main() {}
