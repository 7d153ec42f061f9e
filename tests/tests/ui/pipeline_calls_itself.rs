use dataflow::prelude::*;

#[dataflow]
fn shorter(lines: DataSet<String>) -> DataSet<String> {
    let short = lines.filter(|line| line.len() < 3);
    shorter(short)
}

fn main() {}
