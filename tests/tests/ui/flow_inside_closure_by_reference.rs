use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>, stop: &DataSet<String>) -> DataSet<u64> {
    lines.map(|line| line.len() as u64 + stop.count())
}

fn main() {}
