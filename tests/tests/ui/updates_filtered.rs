//! What a group was before it left the filter would stay.
use dataflow::prelude::*;

#[dataflow]
fn rare(words: DataStream<String>) -> UpdateStream<(String, u64)> {
    let counts = words.group_by(|w| w).count();
    counts.filter(|w| w.1 < 10)
}

fn main() {}
