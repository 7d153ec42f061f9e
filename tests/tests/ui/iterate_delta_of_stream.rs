use dataflow::prelude::*;

#[dataflow]
fn nearest(towns: DataStream<(u64, u64)>, first: DataStream<(u64, u64)>) -> DataStream<(u64, u64)> {
    towns.iterate_delta(first, |t| t.0, 100, |known, reached| {
        let better = reached.join(known).on(|r| r.0).map(|r, known| (known.0, r.1 + 1));
        (better, better)
    })
}

fn main() {}
