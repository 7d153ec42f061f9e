use dataflow::prelude::*;

#[dataflow]
fn both(left: DataSet<u64>, right: DataSet<u64>) -> DataSet<(u64, Option<u64>)> {
    left.left_join(right).map(|l, r| (l, r))
}

fn main() {}
