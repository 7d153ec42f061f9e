use dataflow::prelude::*;

#[dataflow]
fn sizes(words: DataSet<(u32, u64)>, more: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.co_group(more).on(|w| w.0, |m| m.0).reduce_group(|words, out| out.emit(words.len() as u64))
}

fn main() {}
