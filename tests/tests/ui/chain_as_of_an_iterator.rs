use dataflow::prelude::*;

#[dataflow]
fn all(words: DataSet<(String, u64)>, more: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.chain(more)
}

fn main() {}
