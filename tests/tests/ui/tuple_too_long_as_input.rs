use dataflow::prelude::*;

#[dataflow]
fn wide(numbers: DataSet<(u8, u8, u8, u8, u8, u8, u8, u8, u8)>) -> DataSet<u8> {
    numbers.map(|n| n.0)
}

fn main() {}
