use dataflow::prelude::*;

#[dataflow]
fn visits(clicks: TimedStream<(String, Timestamp)>) -> DataStream<(String, Timestamp, u64)> {
    clicks.group_by(|c| c.0).window(Sliding::of(mins(30)).every(mins(5))).count()
}

fn main() {}
