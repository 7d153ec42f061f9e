use dataflow::prelude::*;

#[dataflow]
fn long_lines(lines: DataSet<String>) {
    let long = lines.filter(|line| line.len() > 3);
}

fn main() {}
