use dataflow::prelude::*;

#[dataflow]
fn all(sales: DataSet<u64>, names: DataSet<u64>) -> DataSet<(Option<u64>, Option<u64>)> {
    sales.full_join(names).hint(BroadcastRight).on(|s| s, |n| n).map(|s, n| (s, n))
}

fn main() {}
