use dataflow::prelude::*;

#[dataflow]
fn greatest(words: DataStream<u64>) -> DataStream<u64> {
    words.reduce(|a, b| if a > b { a } else { b })
}

fn main() {}
