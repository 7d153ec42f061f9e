use dataflow::prelude::*;

#[derive(Clone, Copy, Debug)]
struct Total {
    id: u64,
    total: i64,
}

#[dataflow]
fn totals(prices: DataSet<(u64, i64)>) -> DataSet<i64> {
    prices.map(|p| Total { id: p.0, total: p.1 }).map(|t| t.total)
}

fn main() {}
