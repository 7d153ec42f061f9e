use dataflow::prelude::*;

#[dataflow]
fn both(counts: DataSet<(String, u64)>, words: DataStream<String>) -> DataSet<(String, u64)> {
    counts.union(words.group_by(|word| word).count())
}

fn main() {}
