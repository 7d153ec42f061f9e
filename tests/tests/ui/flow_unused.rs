use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<u64> {
    let long = lines.filter(|line| line.len() > 3);
    lines.map(|line| line.len() as u64)
}

fn main() {}
