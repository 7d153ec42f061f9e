use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Total {
    id: u64,
    total: i64,
}

#[dataflow]
fn doubled(totals: DataSet<Total>) -> DataSet<Total> {
    totals.group_by(|t| t.id).aggregate(|g| Total { id: g.key, total: g.count() * 2 })
}

fn main() {}
