use dataflow::prelude::*;

#[dataflow]
fn seen(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.inspect(|word| println!("{word:?}")).filter(|word| word.1 > 3)
}

fn main() {}
