use dataflow::prelude::*;

#[dataflow]
fn doubled(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.with_column(|word| word.1 * 2)
}

fn main() {}
