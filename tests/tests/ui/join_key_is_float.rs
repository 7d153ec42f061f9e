use dataflow::prelude::*;

#[dataflow]
fn same_prices(prices: DataSet<(f64, u64)>, more: DataSet<(f64, u64)>) -> DataSet<(f64, u64)> {
    prices.join(more).on(|price| price.0, |other| other.0).map(|price, _| price)
}

fn main() {}
