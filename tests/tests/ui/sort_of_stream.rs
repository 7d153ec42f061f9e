use dataflow::prelude::*;

#[dataflow]
fn sorted(words: DataStream<String>) -> DataStream<String> {
    words.sort(|word| asc(word))
}

fn main() {}
