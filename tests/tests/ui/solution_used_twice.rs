//! A solution set that is joined twice in a round.
use dataflow::prelude::*;

#[dataflow]
fn hops(towns: DataSet<(u64, u64)>, roads: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    towns.iterate_delta(towns, |t| t.0, 100, |known, reached| {
        let here = reached.join(known).on(|r| r.0).map(|r, k| (r.0, k.1));
        let next = here.join(roads).on(|h| h.0, |road| road.0).map(|h, road| (road.1, h.1 + 1));
        let nearer = next.join(known).on(|n| n.0).filter(|n, known| n.1 < known.1).map(|n, _| n);
        (nearer, nearer)
    })
}

fn main() {}
