use dataflow::prelude::*;

#[dataflow]
fn high(readings: DataSet<(u64, i64)>) -> DataSet<(u64, f64)> {
    readings.group_by(|r| r.0).aggregate(|g| (g.key, g.percentile(|r| r.1)))
}

fn main() {}
