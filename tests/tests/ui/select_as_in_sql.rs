use dataflow::prelude::*;

#[dataflow]
fn names(words: DataSet<(String, u64)>) -> DataSet<String> {
    words.select(|word| word.0)
}

fn main() {}
