use dataflow::prelude::*;

#[dataflow]
fn totals(orders: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    orders.group_by(|o| o.0).aggregate(|g| match g.count() {
        1 => (g.key, 0i64),
        _ => (g.key, g.max(|o| 100 / o.1)),
    })
}

fn main() {}
