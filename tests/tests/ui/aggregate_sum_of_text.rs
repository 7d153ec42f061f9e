use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(String, u64)>) -> DataSet<(u64, u64)> {
    words.group_by(|word| word.1).aggregate(|g| (g.key, g.sum(|word| word.0)))
}

fn main() {}
