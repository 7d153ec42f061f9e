use dataflow::prelude::*;

#[dataflow]
fn spread(points: DataSet<(f64, u64)>) -> DataSet<(f64, u64)> {
    points.partition_by(|point| point.0)
}

fn main() {}
