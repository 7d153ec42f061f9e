use dataflow::prelude::*;

#[dataflow]
fn best(prices: DataSet<(u64, f64)>) -> DataSet<(u64, f64)> {
    prices.top(|p| desc(p.1))
}

fn main() {}
