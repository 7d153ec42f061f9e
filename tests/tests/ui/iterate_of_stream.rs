use dataflow::prelude::*;

#[dataflow]
fn halved(numbers: DataStream<u64>) -> DataStream<u64> {
    numbers.iterate(9, |numbers| numbers.map(|n| n / 2))
}

fn main() {}
