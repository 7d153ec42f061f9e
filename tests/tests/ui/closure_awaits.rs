use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<u64> {
    lines.map(|line| std::future::ready(line.len() as u64).await)
}

fn main() {}
