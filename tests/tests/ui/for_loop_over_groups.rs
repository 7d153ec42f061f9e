use dataflow::prelude::*;

#[dataflow]
fn counts(words: DataSet<(String, u64)>) -> DataSet<u64> {
    let groups = words.group_by(|w| w.0);
    let mut total = 0u64;
    for group in groups {
        total += group.len() as u64;
    }
    words.map(|w| w.1)
}

fn main() {}
