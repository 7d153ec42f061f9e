//! A solution set whose key is no field of its records.
use dataflow::prelude::*;

fn nearer(towns: DataSet<(u64, u64)>, roads: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    towns.iterate_delta(roads, |t| t.computed(|t, key| key.emit(t.0 / 2)), 100, |known, reached| {
        let nearer = reached.join(known).on(|r| r.0).process(|r, k, out| out.emit((k.0, r.1)));
        (nearer.clone(), nearer)
    })
}

fn main() {}
