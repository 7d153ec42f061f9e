use dataflow::prelude::*;

struct Limit(usize);

#[dataflow]
fn long_lines(lines: DataSet<String>, limit: Limit) -> DataSet<String> {
    lines.filter(|line| line.len() > limit.0)
}

fn main() {}
