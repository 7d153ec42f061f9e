//! A join of two kinds. What the message proposes compiles.
use dataflow::prelude::*;

#[dataflow]
fn pairs(clicks: TimedStream<(String, Timestamp)>, others: DataStream<(String, Timestamp)>) -> DataStream<(String, Timestamp)> {
    clicks.join(others).on(|click| click.0, |other| other.0).map(|click, _| click)
}

#[dataflow]
fn both_with_event_time(clicks: TimedStream<(String, Timestamp)>, others: DataStream<(String, Timestamp)>) -> DataStream<(String, Timestamp)> {
    let others = others.event_time(|other| other.1, Lateness::bounded(secs(5)));
    clicks.join(others).on(|click| click.0, |other| other.0).map(|click, _| click)
}

#[dataflow]
fn both_as_they_are(clicks: DataStream<(String, Timestamp)>, others: DataStream<(String, Timestamp)>) -> DataStream<(String, Timestamp)> {
    clicks.join(others).on(|click| click.0, |other| other.0).map(|click, _| click)
}

fn main() {}
