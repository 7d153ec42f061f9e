use dataflow::DataSet;

#[dataflow::dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<u64> {
    lines.map(|line| line.len() as u64)
}

fn main() {}
