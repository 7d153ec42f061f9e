use dataflow::prelude::*;

#[dataflow]
fn some(words: DataSet<(String, u64)>) -> DataSet<String> {
    words.limit(10).map(|word| word.0)
}

fn main() {}
