use dataflow::prelude::*;

#[dataflow]
fn sizes(words: DataStream<(String, u64)>) -> DataStream<u64> {
    words.group_by(|w| w.0).reduce_group(|words, out| out.emit(words.len() as u64))
}

fn main() {}
