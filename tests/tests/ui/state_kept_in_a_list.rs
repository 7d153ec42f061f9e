use dataflow::prelude::*;

#[dataflow]
fn lengths(words: DataSet<String>, mut all: Vec<String>) -> DataSet<u64> {
    words.map(|word| {
        let kept = &mut all;
        kept.push(word.to_owned());
        word.len() as u64
    })
}

fn main() {}
