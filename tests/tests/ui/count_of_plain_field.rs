use dataflow::prelude::*;

#[dataflow]
fn counts(readings: DataSet<(u64, i64)>) -> DataSet<(u64, u64)> {
    readings.group_by(|r| r.0).aggregate(|g| (g.key, g.count(|r| r.1)))
}

fn main() {}
