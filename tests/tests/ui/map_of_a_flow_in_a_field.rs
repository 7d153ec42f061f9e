use dataflow::prelude::*;

struct Corpus {
    words: DataSet<String>,
}

#[dataflow]
fn lengths(corpus: Corpus) -> DataSet<u64> {
    corpus.words.map(|word| word.len() as u64).filter(|length| length > 3)
}

fn main() {}
