use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<String> {
    lines.map(|line| line.len() as u64);
    lines
}

fn main() {}
