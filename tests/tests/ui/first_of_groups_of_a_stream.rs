use dataflow::prelude::*;

#[dataflow]
fn samples(lines: DataStream<(String, u64)>) -> DataStream<(String, u64)> {
    lines.group_by(|l| l.0).first(3)
}

fn main() {}
