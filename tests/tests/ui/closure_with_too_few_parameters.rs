use dataflow::prelude::*;

#[dataflow]
fn pairs(lines: DataSet<(String, u64)>, names: DataSet<(String, u64)>) -> DataSet<u64> {
    lines.join(names).on(|line| line.0, |name| name.0).map(|line| line.1)
}

fn main() {}
