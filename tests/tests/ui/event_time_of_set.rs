//! Event time of a flow that ends.
use dataflow::prelude::*;

#[dataflow]
fn timed(clicks: DataSet<(String, Timestamp)>) -> TimedStream<(String, Timestamp)> {
    clicks.event_time(|c| c.1, Lateness::none())
}

fn main() {}
