//! A delta iteration that does not say what tells the records of its solution set apart.
use dataflow::prelude::*;

#[dataflow]
fn hops(towns: DataSet<(u64, u64)>, roads: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    towns.iterate_delta(towns, 100, |known, reached| {
        let next = reached.join(roads).on(|r| r.0, |road| road.0).map(|r, road| (road.1, r.1 + 1));
        let nearer = next.join(known).on(|n| n.0).filter(|n, k| n.1 < k.1).map(|n, _| n);
        (nearer, nearer)
    })
}

fn main() {}
