//! A loop whose body does not use what it gets.
use dataflow::prelude::*;

#[dataflow]
fn same(numbers: DataSet<u64>, others: DataSet<u64>) -> DataSet<u64> {
    numbers.iterate(10, |numbers| others.map(|n| n / 2))
}

fn main() {}
