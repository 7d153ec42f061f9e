use dataflow::prelude::*;

#[dataflow]
fn marked(orders: DataSet<(u32, i64)>) -> DataSet<(u32, bool)> {
    orders.group_by(|o| o.0).aggregate(|g| (g.key, g.min(|o| o.1) > 0 && g.min(|o| 100 / o.1) > 7))
}

fn main() {}
