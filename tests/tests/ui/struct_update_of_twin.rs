use dataflow::prelude::*;

#[derive(Record, Clone)]
struct Word {
    text: String,
    n: u64,
}

#[dataflow]
fn ones(words: DataSet<Word>) -> DataSet<Word> {
    words.map(|w| Word { n: 1, ..w })
}

fn main() {}
