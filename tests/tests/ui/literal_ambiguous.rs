use dataflow::prelude::*;

#[dataflow]
fn counts(words: DataSet<String>) -> DataSet<(String, u64)> {
    words.map(|word| (word, 1)).group_by(|pair| pair.0).sum(|pair| pair.1)
}

fn main() {}
