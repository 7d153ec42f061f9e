use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(String, u64)>) -> DataSet<u64> {
    words.group_by(|word| word.0).aggregate(|g| g.mode(|word| word.1))
}

fn main() {}
