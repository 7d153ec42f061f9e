use dataflow::prelude::*;

#[dataflow]
fn of_one(words: DataSet<(u32, u64)>) -> DataSet<(u32, u64)> {
    words.filter(|w| w.0 == w.1)
}

fn main() {}
