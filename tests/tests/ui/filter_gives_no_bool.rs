use dataflow::prelude::*;

#[dataflow]
fn long(words: DataSet<String>) -> DataSet<String> {
    words.filter(|word| word.len())
}

fn main() {}
