use dataflow::prelude::*;

#[dataflow]
fn both(readings: DataSet<(u64, i64)>) -> DataSet<(u64, f64, u64)> {
    readings.group_by(|r| r.0).aggregate(|g| (g.key, g.median(|r| r.1), g.count_distinct(|r| r.1)))
}

fn main() {}
