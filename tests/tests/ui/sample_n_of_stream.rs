use dataflow::prelude::*;

#[dataflow]
fn some(lines: DataStream<String>) -> DataStream<String> {
    lines.sample_n(10, 42)
}

fn main() {}
