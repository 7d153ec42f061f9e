use dataflow::prelude::*;

#[dataflow]
fn numbered(words: DataSet<String>) -> DataSet<(u64, String)> {
    words.enumerate()
}

fn main() {}
