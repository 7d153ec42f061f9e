//! The body of a delta iteration where a bulk iteration is.
use dataflow::prelude::*;

#[dataflow]
fn halved(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.iterate(10, |all, changed| changed.map(|n| n / 2))
}

fn main() {}
