use dataflow::prelude::*;

#[dataflow]
async fn long_lines(lines: DataSet<String>) -> DataSet<String> {
    lines.filter(|line| line.len() > 3)
}

fn main() {}
