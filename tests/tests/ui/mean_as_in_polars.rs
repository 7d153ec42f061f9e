use dataflow::prelude::*;

#[dataflow]
fn means(words: DataSet<(String, u64)>) -> DataSet<(String, f64)> {
    words.group_by(|word| word.0).mean(|word| word.1)
}

fn main() {}
