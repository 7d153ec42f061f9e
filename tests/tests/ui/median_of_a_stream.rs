use dataflow::prelude::*;

#[dataflow]
fn medians(readings: DataStream<(u32, i64)>) -> UpdateStream<(u32, f64)> {
    readings.group_by(|r| r.0).aggregate(|g| (g.key, g.median(|r| r.1)))
}

fn main() {}
