//! A join of two kinds. What the message proposes compiles.
use dataflow::prelude::*;

#[dataflow]
fn pairs(words: DataSet<(String, u64)>, more: TimedStream<(String, u64)>) -> DataSet<(String, u64)> {
    words.join(more).on(|word| word.0, |other| other.0).map(|word, _| word)
}

#[dataflow]
fn looked_up(words: DataSet<(String, u64)>, more: TimedStream<(String, u64)>) -> TimedStream<(String, u64)> {
    more.with_all(words).map(|other, words| (other.0, words.len() as u64))
}

fn main() {}
