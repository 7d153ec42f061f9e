use dataflow::prelude::*;

#[dataflow]
fn later(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.skip(10)
}

fn main() {}
