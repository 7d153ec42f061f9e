use dataflow::prelude::*;

#[dataflow]
fn frequent(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.where_(|word| word.1 > 3)
}

fn main() {}
