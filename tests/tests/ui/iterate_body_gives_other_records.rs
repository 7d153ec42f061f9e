//! A body that gives records of another type than it gets.
use dataflow::prelude::*;

#[dataflow]
fn halved(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.iterate(10, |numbers| numbers.map(|n| n as f64 / 2.0))
}

fn main() {}
