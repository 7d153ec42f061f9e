//! Two streams, joined by keys of two types.
use dataflow::prelude::*;

#[dataflow]
fn named(clicks: DataStream<(u64, i64)>, names: DataStream<(u32, String)>) -> DataStream<(String, i64)> {
    clicks.join(names).on(|c| c.0, |n| n.0).map(|c, n| (n.1, c.1))
}

fn main() {}
