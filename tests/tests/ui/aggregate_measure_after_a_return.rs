use dataflow::prelude::*;

#[dataflow]
fn totals(orders: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    orders.group_by(|o| o.0).aggregate(|g| {
        if g.count() < 100 {
            return (g.key, 0);
        }
        (g.key, g.sum(|o| 100 / o.1))
    })
}

fn main() {}
