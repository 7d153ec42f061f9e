use dataflow::prelude::*;

#[dataflow]
fn lengths(words: DataSet<String>) -> DataSet<u64> {
    words.try_map(|word| word.len() as u64)
}

fn main() {}
