use dataflow::prelude::*;

#[dataflow]
fn named(sales: DataSet<(u64, i64)>, names: DataSet<(u64, String)>) -> DataSet<(String, i64)> {
    sales.join(names).hint(BuildLeft).hint(BroadcastRight).on(|s| s.0, |n| n.0).map(|s, n| (n.1, s.1))
}

fn main() {}
