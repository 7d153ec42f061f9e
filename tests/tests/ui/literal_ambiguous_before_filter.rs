use dataflow::prelude::*;

#[dataflow]
fn counts(words: DataSet<String>) -> DataSet<(String, u64)> {
    words.map(|word| (word, 1)).filter(|pair| !pair.0.is_empty())
}

fn main() {}
