use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.group_by(|w| w.0).aggregate(|g| g.fold(0, |sum, w| *sum += w.1))
}

fn main() {}
