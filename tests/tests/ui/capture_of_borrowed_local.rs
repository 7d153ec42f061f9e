use dataflow::prelude::*;

#[dataflow]
fn named(lines: DataSet<String>, name: String) -> DataSet<String> {
    let name = name.as_str();
    lines.filter(|line| line == name)
}

fn main() {}
