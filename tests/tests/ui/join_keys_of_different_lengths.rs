//! A key of one field is compared with a key of two.
use dataflow::prelude::*;

#[dataflow]
fn pairs(words: DataSet<(String, u64)>, more: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.join(more).on(|word| word.0, |other| (other.0, other.1)).map(|word, _| word)
}

fn main() {}
