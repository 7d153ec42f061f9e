//! A union of two kinds. What the message proposes compiles, and so do pipelines over any kind.
use dataflow::prelude::*;
use dataflow::{Flow, Mode};

#[dataflow]
fn both(counts: DataStream<(String, u64)>, words: DataStream<String>) -> DataStream<(String, u64)> {
    counts.union(words.group_by(|word| word).count())
}

#[dataflow]
fn both_of_records(counts: DataStream<(String, u64)>, words: DataStream<String>) -> DataStream<(String, u64)> {
    counts.union(words.group_by(|word| word).count().updates())
}

#[dataflow]
fn both_of_one_kind<M: Mode>(counts: Flow<(String, u64), M>, others: Flow<(String, u64), M>) -> Flow<(String, u64), M::Joined> {
    let all = counts.union(others);
    all.join(others).on(|count| count.0, |other| other.0).map(|count, _| count)
}

fn main() {}
