use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.group_by(|w| w.0).aggregate(|g| g.fold(0, |w| w.1, |sum, more| *sum += more))
}

fn main() {}
