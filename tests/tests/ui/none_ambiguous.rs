use dataflow::prelude::*;

#[dataflow]
fn lengths(words: DataSet<String>) -> DataSet<(String, Option<u64>)> {
    words.map(|word| if word.is_empty() { (word, None) } else { (word, Some(1u64)) })
}

fn main() {}
