use dataflow::prelude::*;

#[dataflow]
fn larger(sales: DataSet<f64>, least: f64) -> DataSet<f64> {
    sales.with(least).filter(|s, least| s > least).map(|s, _| s)
}

fn main() {}
