use dataflow::prelude::*;

#[dataflow]
fn pairs(words: DataSet<(String, u64)>, more: DataStream<(String, u64)>) -> DataSet<(String, u64)> {
    words.join(more).on(|word| word.0, |other| other.0).map(|word, _| word)
}

fn main() {}
