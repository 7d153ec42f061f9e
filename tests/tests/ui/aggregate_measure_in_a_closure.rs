use dataflow::prelude::*;

#[dataflow]
fn totals(orders: DataSet<(u32, Option<i64>)>) -> DataSet<(u32, i64)> {
    orders
        .group_by(|o| o.0)
        .aggregate(|g| (g.key, g.max(|o| o.1).map_or_else(|| g.sum(|o| 100 / i64::from(o.0)), |most| most)))
}

fn main() {}
