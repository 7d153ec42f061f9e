use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(String, u64)>, limit: DataSet<u64>) -> DataSet<u64> {
    words.group_by(|word| word.1 / limit.count()).aggregate(|g| g.count())
}

fn main() {}
