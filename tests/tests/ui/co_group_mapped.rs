use dataflow::prelude::*;

#[dataflow]
fn sizes(words: DataSet<(u32, u64)>, more: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.co_group(more).on(|w| w.0, |m| m.0).map(|w, m| w.1 + m.1)
}

fn main() {}
