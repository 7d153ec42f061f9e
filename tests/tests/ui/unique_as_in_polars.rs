use dataflow::prelude::*;

#[dataflow]
fn once(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.unique()
}

fn main() {}
