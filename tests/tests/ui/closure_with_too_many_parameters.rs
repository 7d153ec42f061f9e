use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<u64> {
    lines.map(|line, number| line.len() as u64 + number)
}

fn main() {}
