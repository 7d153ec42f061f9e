use dataflow::prelude::*;

#[dataflow]
fn pairs(days: DataSet<u64>, hours: DataSet<u64>) -> DataSet<(u64, u64)> {
    days.cross(hours)
}

fn main() {}
