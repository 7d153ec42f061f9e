use dataflow::prelude::*;

#[dataflow]
fn known(sales: DataSet<(u64, i64)>, names: DataSet<(u32, String)>) -> DataSet<(u64, bool)> {
    sales.left_join(names).on_nulls_equal(|s| s.0, |n| n.0).map(|s, n| (s.0, n.is_some()))
}

fn main() {}
