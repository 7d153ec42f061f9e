use dataflow::prelude::*;

#[dataflow]
fn kept(numbers: DataStream<u64>) -> DataStream<u64> {
    numbers.filter(|n| n > 3).persist()
}

fn main() {}
