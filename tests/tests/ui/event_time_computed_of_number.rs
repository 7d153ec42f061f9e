use dataflow::prelude::*;

#[dataflow]
fn timed(clicks: DataStream<(String, i64)>) -> TimedStream<(String, i64)> {
    clicks.event_time(|c| c.1 * 1_000_000, Lateness::none())
}

fn main() {}
