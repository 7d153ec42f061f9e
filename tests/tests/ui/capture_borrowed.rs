use dataflow::prelude::*;

#[dataflow]
fn named(lines: DataSet<String>, name: &str) -> DataSet<String> {
    lines.filter(|line| line == name)
}

fn main() {}
