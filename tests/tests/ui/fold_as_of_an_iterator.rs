use dataflow::prelude::*;

#[dataflow]
fn total(words: DataSet<(String, u64)>) -> DataSet<u64> {
    words.fold(0, |sum, word| sum + word.1)
}

fn main() {}
