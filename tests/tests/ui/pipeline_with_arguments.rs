use dataflow::prelude::*;

#[dataflow(fast)]
fn same(lines: DataSet<String>) -> DataSet<String> {
    lines
}

fn main() {}
