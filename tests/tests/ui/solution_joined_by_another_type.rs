//! A solution set that is joined by a key of another type than its own.
use dataflow::prelude::*;

#[dataflow]
fn hops(towns: DataSet<(u64, u64)>, roads: DataSet<(u32, u64)>) -> DataSet<(u64, u64)> {
    towns.iterate_delta(towns, |t| t.0, 100, |known, reached| {
        let next = reached.join(roads).on(|r| r.1, |road| road.1).map(|r, road| (road.0, r.1 + 1));
        let nearer = next.join(known).on(|n| n.0).map(|n, k| (k.0, n.1));
        (nearer, nearer)
    })
}

fn main() {}
