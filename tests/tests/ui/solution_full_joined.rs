//! A solution set whose other keys are wanted, beside those without a partner.
use dataflow::prelude::*;

#[dataflow]
fn hops(towns: DataSet<(u64, u64)>, roads: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    towns.iterate_delta(towns, |t| t.0, 100, |known, reached| {
        let next = reached.join(roads).on(|r| r.0, |road| road.0).map(|r, road| (road.1, r.1 + 1));
        let nearer = next.full_join(known).on(|n| n.0, |k| k.0).filter_map(|n, _| n);
        (nearer, nearer)
    })
}

fn main() {}
