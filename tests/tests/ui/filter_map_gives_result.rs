use dataflow::prelude::*;

#[dataflow]
fn numbers(lines: DataSet<String>) -> DataSet<u64> {
    lines.filter_map(|line| line.parse::<u64>())
}

fn main() {}
