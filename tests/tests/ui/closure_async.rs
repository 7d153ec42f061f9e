use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<u64> {
    lines.map(async |line| line.len() as u64)
}

fn main() {}
