use dataflow::prelude::*;

#[dataflow]
fn sums(sales: DataSet<(u64, i64)>, items: DataSet<(u64, u32)>) -> DataSet<(u64, i64)> {
    sales.join(items).on(|s| s.0, |i| i.0).group_by(|s| s.0).sum(|s| s.1)
}

fn main() {}
