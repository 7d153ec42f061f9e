use dataflow::prelude::*;

#[dataflow]
fn visits(clicks: TimedStream<(String, Timestamp)>) -> DataStream<(String, Timestamp, u64)> {
    clicks.group_by(|c| c.0).window(Session::with_gap(mins(30))).count()
}

fn main() {}
