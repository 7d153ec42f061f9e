use dataflow::prelude::*;

#[dataflow]
fn sizes(words: DataSet<(u32, u64)>, more: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.co_group(more).reduce_group(|words, more, out| out.emit((words.len() + more.len()) as u64))
}

fn main() {}
