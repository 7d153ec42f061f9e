use dataflow::prelude::*;

#[dataflow]
fn counts(words: DataStream<String>) -> DataStream<(String, u64)> {
    words.group_by(|w| w).count()
}

fn main() {}
