use dataflow::prelude::*;

#[dataflow]
fn unsold(items: DataSet<u64>, sales: DataSet<(u64, i64)>) -> DataSet<u64> {
    items.anti_join(sales).hint(BroadcastLeft).on(|i| i, |s| s.0)
}

fn main() {}
