use dataflow::prelude::*;

#[dataflow]
fn some(lines: DataSet<String>) -> DataSet<String> {
    lines.sample(0.1)
}

fn main() {}
