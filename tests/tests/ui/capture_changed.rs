use dataflow::prelude::*;

#[dataflow]
fn numbered(lines: DataSet<String>) -> DataSet<(u64, String)> {
    let mut number = 0u64;
    lines.map(|line| {
        number += 1;
        (number, line)
    })
}

fn main() {}
