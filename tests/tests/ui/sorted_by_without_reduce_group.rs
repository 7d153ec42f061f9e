use dataflow::prelude::*;

#[dataflow]
fn totals(words: DataSet<(u32, u64)>) -> DataSet<(u32, u64)> {
    words.group_by(|w| w.0).sorted_by(|w| asc(w.1)).sum(|w| w.1)
}

fn main() {}
