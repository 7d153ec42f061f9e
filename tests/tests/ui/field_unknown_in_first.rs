use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Total {
    id: u64,
    total: i64,
}

#[dataflow]
fn middles(totals: DataSet<Total>) -> DataSet<(u64, f64)> {
    totals.group_by(|t| t.id).aggregate(|g| (g.first(|t| t.ids), g.median(|t| t.total)))
}

fn main() {}
