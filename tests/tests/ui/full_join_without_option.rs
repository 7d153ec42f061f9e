use dataflow::prelude::*;

#[dataflow]
fn weights(sales: DataSet<(u64, i64)>, items: DataSet<(u64, i64)>) -> DataSet<i64> {
    sales.full_join(items).on(|s| s.0, |i| i.0).map(|s, i| s.map_or(0, |s| s.1) + i.1)
}

fn main() {}
