use dataflow::prelude::*;

#[dataflow]
fn totals(orders: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    orders
        .group_by(|o| o.0)
        .aggregate(|g| (g.key, if g.count() > 100 { g.sum(|o| 100 / (o.1 - 4)) } else { 0 }))
}

fn main() {}
