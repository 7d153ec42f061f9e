use dataflow::prelude::*;

#[dataflow]
fn ordered(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.order_by(|word| desc(word.1))
}

fn main() {}
