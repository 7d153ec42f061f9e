use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Total {
    id: u64,
    total: i64,
}

#[dataflow]
fn totals(totals: DataSet<Total>) -> DataSet<Total> {
    totals.group_by(|t| t.id).reduce(|a, b| {
        let total = a.total + b.total;
        total
    })
}

fn main() {}
