use dataflow::prelude::*;

#[dataflow]
fn totals(prices: DataSet<(f64, u64)>) -> DataSet<u64> {
    prices.group_by(|price| price.0 * 0.5).aggregate(|g| g.count())
}

fn main() {}
