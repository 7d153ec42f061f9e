//! A group would count again with each of its updates.
use dataflow::prelude::*;

#[dataflow]
fn frequencies(words: DataStream<String>) -> UpdateStream<(u64, u64)> {
    words.group_by(|w| w).count().group_by(|w| w.1).count()
}

fn main() {}
