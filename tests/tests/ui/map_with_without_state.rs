use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<u64> {
    lines.map_with(|line| line.len() as u64)
}

fn main() {}
