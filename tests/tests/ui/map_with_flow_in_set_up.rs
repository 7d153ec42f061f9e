use dataflow::prelude::*;

#[dataflow]
fn numbered(lines: DataSet<String>, other: DataSet<String>) -> DataSet<(u64, String)> {
    lines.map_with(|_| other.count(), |count, line| (*count, line))
}

fn main() {}
