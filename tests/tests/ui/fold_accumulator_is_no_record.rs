use dataflow::prelude::*;

#[derive(Clone, Copy)]
struct Sum {
    total: u64,
}

#[dataflow]
fn totals(words: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.group_by(|w| w.0).aggregate(|g| g.fold(Sum { total: 0 }, |sum, w| sum.total += w.1, |sum, more| sum.total += more.total).total)
}

fn main() {}
