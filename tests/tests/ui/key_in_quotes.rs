use dataflow::prelude::*;

#[dataflow]
fn counts(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.group_by("word").count()
}

fn main() {}
