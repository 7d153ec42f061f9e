//! The key may get lost.
use dataflow::prelude::*;

#[dataflow]
fn numbers(words: DataStream<String>) -> DataStream<u64> {
    words.group_by(|w| w).count().map(|w| w.1)
}

fn main() {}
