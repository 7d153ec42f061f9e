use dataflow::prelude::*;

#[dataflow]
fn sizes(words: DataStream<u64>) -> DataStream<u64> {
    words.reduce_group(|words, out| out.emit(words.len() as u64))
}

fn main() {}
