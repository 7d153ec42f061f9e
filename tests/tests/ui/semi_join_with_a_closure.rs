use dataflow::prelude::*;

#[dataflow]
fn both(left: DataSet<u64>, right: DataSet<u64>) -> DataSet<u64> {
    left.semi_join(right).on(|l| l, |r| r).map(|l, r| l + r)
}

fn main() {}
