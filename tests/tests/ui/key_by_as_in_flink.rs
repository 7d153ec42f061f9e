use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.key_by(|word| word.0).sum(|word| word.1)
}

fn main() {}
