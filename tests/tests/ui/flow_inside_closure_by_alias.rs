use dataflow::prelude::*;

type Lines = DataSet<String>;

#[dataflow]
fn known_words(words: DataSet<String>, known: Lines) -> DataSet<String> {
    words.filter(|word| known.count().is_ok_and(|count| count > word.len() as u64))
}

fn main() {}
