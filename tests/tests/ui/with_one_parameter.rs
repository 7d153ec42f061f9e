use dataflow::prelude::*;

#[dataflow]
fn shares(sales: DataSet<f64>) -> DataSet<f64> {
    let total = sales.aggregate(|g| g.sum(|s| s));
    sales.with(total).map(|s| s / 2.0)
}

fn main() {}
