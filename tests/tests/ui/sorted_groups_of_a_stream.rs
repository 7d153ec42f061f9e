use dataflow::prelude::*;

#[dataflow]
fn first(words: DataStream<(String, u64)>) -> DataStream<(String, u64)> {
    words.group_by(|w| w.0).sorted_by(|w| w.1).first(1)
}

fn main() {}
