use dataflow::prelude::*;

#[dataflow]
fn lengths(words: DataSet<(String, u64)>) -> DataSet<u64> {
    words.project(|word| word.0.len())
}

fn main() {}
