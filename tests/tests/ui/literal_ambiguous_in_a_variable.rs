use dataflow::prelude::*;

#[dataflow]
fn counts(words: DataSet<String>) -> DataSet<(String, u64)> {
    words
        .map(|word| {
            let pair = (word, 1);
            pair
        })
        .filter(|pair| !pair.0.is_empty())
}

fn main() {}
