use dataflow::prelude::*;

#[dataflow]
fn sorted(words: DataStream<String>) -> DataStream<String> {
    words.sort_partition(|word| asc(word))
}

fn main() {}
