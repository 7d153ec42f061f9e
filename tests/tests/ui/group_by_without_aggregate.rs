use dataflow::prelude::*;

#[dataflow]
fn groups(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.group_by(|n| n)
}

fn main() {}
