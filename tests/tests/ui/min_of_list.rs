use dataflow::prelude::*;

#[dataflow]
fn least(words: DataSet<(Vec<u8>, u64)>) -> DataSet<(Vec<u8>, u64)> {
    words.group_by(|word| word.1).min(|word| word.0)
}

fn main() {}
