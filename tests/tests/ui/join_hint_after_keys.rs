use dataflow::prelude::*;

#[dataflow]
fn named(sales: DataSet<(u64, i64)>, names: DataSet<(u64, String)>) -> DataSet<(String, i64)> {
    sales.join(names).on(|s| s.0, |n| n.0).hint(BuildLeft).map(|s, n| (n.1, s.1))
}

fn main() {}
