use dataflow::prelude::*;

#[dataflow]
fn spread(words: DataSet<String>) -> DataSet<String> {
    words.partition_with(|word| word)
}

fn main() {}
