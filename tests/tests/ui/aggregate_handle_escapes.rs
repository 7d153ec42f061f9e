use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(String, u64)>) -> DataSet<u64> {
    words.group_by(|word| word.0).aggregate(|group| total_of(group))
}

fn total_of<T>(_: T) -> u64 {
    0
}

fn main() {}
