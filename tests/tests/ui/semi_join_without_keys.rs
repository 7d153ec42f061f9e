use dataflow::prelude::*;

#[dataflow]
fn known(left: DataSet<u64>, right: DataSet<u64>) -> DataSet<u64> {
    left.semi_join(right)
}

fn main() {}
