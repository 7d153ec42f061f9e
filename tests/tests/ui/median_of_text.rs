use dataflow::prelude::*;

#[dataflow]
fn medians(words: DataSet<(u64, String)>) -> DataSet<(u64, f64)> {
    words.group_by(|word| word.0).aggregate(|g| (g.key, g.median(|word| word.1)))
}

fn main() {}
