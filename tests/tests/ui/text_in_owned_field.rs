use dataflow::prelude::*;

#[derive(Record, Clone)]
struct Word {
    text: String,
}

#[dataflow]
fn words(lines: DataSet<String>) -> DataSet<Word> {
    lines.map(|line| Word { text: line })
}

fn main() {}
