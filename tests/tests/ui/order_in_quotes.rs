use dataflow::prelude::*;

#[dataflow]
fn ordered(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.sort("count")
}

fn main() {}
