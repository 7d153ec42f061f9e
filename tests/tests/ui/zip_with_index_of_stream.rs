use dataflow::prelude::*;

#[dataflow]
fn numbered(lines: DataStream<String>) -> DataStream<(u64, String)> {
    lines.zip_with_index()
}

fn main() {}
