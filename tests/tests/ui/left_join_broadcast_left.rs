use dataflow::prelude::*;

#[dataflow]
fn named(sales: DataSet<(u64, i64)>, names: DataSet<(u64, String)>) -> DataSet<(Option<String>, i64)> {
    sales.left_join(names).hint(BroadcastLeft).on(|s| s.0, |n| n.0).map(|s, n| (n.map(|n| n.1), s.1))
}

fn main() {}
