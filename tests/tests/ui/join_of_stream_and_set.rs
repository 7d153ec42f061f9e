use dataflow::prelude::*;

#[dataflow]
fn pairs(words: DataSet<(String, u64)>, more: DataStream<(String, u64)>) -> DataStream<(String, u64)> {
    more.join(words).on(|other| other.0, |word| word.0).map(|_, word| word)
}

fn main() {}
