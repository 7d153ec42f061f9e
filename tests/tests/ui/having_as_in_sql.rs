use dataflow::prelude::*;

#[dataflow]
fn frequent(words: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.group_by(|word| word.0).having(|g| g.count() > 3).count()
}

fn main() {}
