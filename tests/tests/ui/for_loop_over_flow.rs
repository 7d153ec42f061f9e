use dataflow::prelude::*;

#[dataflow]
fn counts(words: DataSet<(String, u64)>) -> DataSet<u64> {
    for word in words {
        println!("{}", word.0);
    }
    words.map(|w| w.1)
}

fn main() {}
