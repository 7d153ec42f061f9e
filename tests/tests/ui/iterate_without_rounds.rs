//! A loop whose number of rounds is missing.
use dataflow::prelude::*;

#[dataflow]
fn halved(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.iterate(|numbers| numbers.map(|n| n / 2))
}

fn main() {}
