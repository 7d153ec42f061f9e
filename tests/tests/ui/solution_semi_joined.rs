//! A solution set that is asked for known keys.
use dataflow::prelude::*;

#[dataflow]
fn hops(towns: DataSet<(u64, u64)>, roads: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    towns.iterate_delta(towns, |t| t.0, 100, |known, reached| {
        let next = reached.join(roads).on(|r| r.0, |road| road.0).map(|r, road| (road.1, r.1 + 1));
        let nearer = next.semi_join(known).on(|n| n.0);
        (nearer, nearer)
    })
}

fn main() {}
