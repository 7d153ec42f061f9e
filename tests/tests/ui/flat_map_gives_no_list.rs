use dataflow::prelude::*;

#[dataflow]
fn long(words: DataSet<String>) -> DataSet<u64> {
    words.flat_map(|word| word.len() as u64)
}

fn main() {}
