use dataflow::prelude::*;

#[dataflow]
const fn long_lines(lines: DataSet<String>) -> DataSet<String> {
    lines
}

fn main() {}
