use dataflow::prelude::*;

#[dataflow]
fn totals(prices: DataSet<(f64, u64)>) -> DataSet<(f64, u64)> {
    prices.group_by(|price| price.0).sum(|price| price.1)
}

fn main() {}
