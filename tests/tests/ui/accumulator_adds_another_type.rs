use dataflow::accumulators::Average;
use dataflow::prelude::*;

#[dataflow]
fn measured(lines: DataSet<String>, length: dataflow::Accumulated<Average>) -> DataSet<String> {
    lines.filter(|line| {
        length.add(line.len());
        true
    })
}

fn main() {}
