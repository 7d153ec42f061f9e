//! A semi-join of two kinds. What the message proposes compiles.
use dataflow::prelude::*;

#[dataflow]
fn known(clicks: TimedStream<(String, u64)>, words: DataStream<String>) -> DataStream<(String, u64)> {
    clicks.semi_join(words.group_by(|word| word).count()).on(|click| click.0, |word| word.0)
}

#[dataflow]
fn known_of_records(clicks: DataStream<(String, u64)>, words: DataStream<String>) -> DataStream<(String, u64)> {
    clicks.semi_join(words.group_by(|word| word).count().updates()).on(|click| click.0, |word| word.0)
}

fn main() {}
