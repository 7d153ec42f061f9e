use dataflow::prelude::*;

#[dataflow]
fn unknown(words: DataSet<String>, known: DataStream<String>) -> DataSet<String> {
    words.anti_join(known).on(|word| word, |known| known)
}

fn main() {}
