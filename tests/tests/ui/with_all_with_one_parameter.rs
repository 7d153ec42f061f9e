use dataflow::prelude::*;

#[dataflow]
fn rated(sales: DataSet<u64>, rates: DataSet<u64>) -> DataSet<u64> {
    sales.with_all(rates).map(|s| s * 2)
}

fn main() {}
