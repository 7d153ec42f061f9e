use dataflow::prelude::*;

struct Odd;

fn half(number: u64) -> Result<u64, Odd> {
    if number % 2 == 0 { Ok(number / 2) } else { Err(Odd) }
}

#[dataflow]
fn halves(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.try_map(|number| half(number))
}

fn main() {}
