use dataflow::prelude::*;

#[dataflow]
fn large(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.filter(|n| n > 10).collect()
}

fn main() {}
