use dataflow::prelude::*;

#[dataflow]
fn wide(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.map(|n| (n, n, n, n, n, n, n, n, n)).map(|t| t.0)
}

fn main() {}
