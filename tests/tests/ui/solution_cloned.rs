//! A solution set that is cloned to be joined twice, in a body of its own.
use dataflow::prelude::*;

#[dataflow]
fn nearer(known: Solution<(u64, u64), u64>, reached: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    let here = reached.join(known.clone()).on(|r| r.0).map(|r, k| (r.0, k.1 + 1));
    here.join(known).on(|n| n.0).filter(|n, k| n.1 < k.1).map(|n, _| n)
}

fn main() {}
