use dataflow::prelude::*;

#[dataflow]
fn names(sales: DataSet<(u64, i64)>) -> DataSet<u64> {
    sales.group_by(|s| s.0).map(|s| s.0)
}

fn main() {}
