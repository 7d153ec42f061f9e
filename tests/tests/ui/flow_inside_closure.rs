use dataflow::prelude::*;

#[dataflow]
fn known_words(words: DataSet<String>, known: DataSet<String>) -> DataSet<String> {
    words.filter(|word| known.count() > 3 && word.len() > 3)
}

fn main() {}
