use dataflow::prelude::*;

#[dataflow]
fn ones(words: DataSet<(u32, u64)>) -> DataSet<u64> {
    words.group_by(|w| w.0).reduce_group(|group, out| {
        for (1, count) in group {
            out.emit(count);
        }
    })
}

fn main() {}
