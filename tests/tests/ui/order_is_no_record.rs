use dataflow::prelude::*;

#[dataflow]
fn first(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.top(10, |word| desc(word.0.chars()))
}

fn main() {}
