use dataflow::prelude::*;

#[dataflow]
fn least(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.group_by(|word| word.1).min(|word| word.0)
}

fn main() {}
