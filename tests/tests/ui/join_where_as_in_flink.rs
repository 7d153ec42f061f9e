use dataflow::prelude::*;

#[dataflow]
fn both(words: DataSet<(String, u64)>, more: DataSet<(String, u64)>) -> DataSet<(u64, u64)> {
    words.join(more).where_(|word| word.0).equal_to(|word| word.0).map(|word, other| (word.1, other.1))
}

fn main() {}
