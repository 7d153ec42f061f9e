use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.group_by(|w| w.0).reduce_group(|group| group.len() as u64)
}

fn main() {}
