use dataflow::prelude::*;

#[dataflow]
fn least(words: DataSet<(u64, String)>) -> DataSet<(u64, u64)> {
    words.group_by(|word| word.0).aggregate(|g| (g.key, g.min(|word| word.1.trim()).len() as u64))
}

fn main() {}
