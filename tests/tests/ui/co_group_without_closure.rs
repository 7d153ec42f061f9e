use dataflow::prelude::*;

#[dataflow]
fn both(words: DataSet<(String, u64)>, more: DataSet<(String, u64)>) -> DataSet<u64> {
    words.co_group(more).on(|w| w.0, |m| m.0)
}

fn main() {}
