use dataflow::prelude::*;

#[dataflow]
fn sums(readings: DataSet<(u64, String)>) -> DataSet<i64> {
    readings.group_by(|r| r.0).try_reduce_group(|group, out| {
        for r in group {
            out.emit(r.1.parse::<i64>()?);
        }
    })
}

fn main() {}
