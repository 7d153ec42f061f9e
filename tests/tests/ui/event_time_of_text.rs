//! A text as event time.
use dataflow::prelude::*;

#[dataflow]
fn timed(clicks: DataStream<(String, String)>) -> TimedStream<(String, String)> {
    clicks.event_time(|c| c.1, Lateness::none())
}

fn main() {}
