use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
enum Measure {
    None,
    Degrees(f64),
}

#[derive(Record, Clone, Copy, Debug)]
struct Reading {
    id: u64,
    measure: Measure,
}

#[dataflow]
fn counts(readings: DataSet<Reading>) -> DataSet<(Measure, u64)> {
    readings.group_by(|r| r.measure).count()
}

fn main() {}
