use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.group_by(|word| word.0).agg(|g| (g.key, g.sum(|word| word.1)))
}

fn main() {}
