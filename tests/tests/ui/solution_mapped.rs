//! A solution set that is taken for a flow.
use dataflow::prelude::*;

#[dataflow]
fn hops(towns: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    towns.iterate_delta(towns, |t| t.0, 100, |known, reached| {
        let all = known.map(|k| (k.0, k.1 + 1));
        (all, reached)
    })
}

fn main() {}
