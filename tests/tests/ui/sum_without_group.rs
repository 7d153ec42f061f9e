use dataflow::prelude::*;

#[dataflow]
fn total(sales: DataSet<(u64, i64)>) -> DataSet<(u64, i64)> {
    sales.filter(|s| s.1 > 0).sum(|s| s.1)
}

fn main() {}
