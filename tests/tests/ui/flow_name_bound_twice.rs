use dataflow::prelude::*;

#[dataflow]
fn counts(lines: DataSet<String>) -> DataSet<u64> {
    let lengths = lines.map(|line| line.len() as u64);
    let lengths = lines.filter(|line| !line.is_empty()).map(|line| line.len() as u64);
    lengths
}

fn main() {}
