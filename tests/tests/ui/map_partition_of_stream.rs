use dataflow::prelude::*;

#[dataflow]
fn lengths(words: DataStream<String>) -> DataStream<u64> {
    words.map_partition(|words, out| {
        for word in words {
            out.emit(word.len() as u64);
        }
    })
}

fn main() {}
