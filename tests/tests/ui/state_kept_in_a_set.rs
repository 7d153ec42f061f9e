use dataflow::prelude::*;
use std::collections::HashSet;

#[dataflow]
fn first_of_each(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    let mut seen = HashSet::new();
    words.filter(|word| seen.insert(word.1))
}

fn main() {}
