use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.combine_group(|group, out| out.emit(group.len() as u64))
}

fn main() {}
