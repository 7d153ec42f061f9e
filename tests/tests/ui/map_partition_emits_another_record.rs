use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<u64> {
    lines.map_partition(|records, out| {
        let longest = records.max_by_key(|line| line.len());
        out.emit(longest)
    })
}

fn main() {}
