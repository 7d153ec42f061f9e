//! A join in the body of a loop, by keys of two types.
use dataflow::prelude::*;

#[dataflow]
fn hops(towns: DataSet<(u64, u64)>, roads: DataSet<(u32, u64)>) -> DataSet<(u64, u64)> {
    towns.iterate(10, |towns| {
        towns.join(roads).on(|t| t.0, |road| road.0).map(|t, road| (road.1, t.1 + 1))
    })
}

fn main() {}
