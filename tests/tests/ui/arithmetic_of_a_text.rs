use dataflow::prelude::*;

#[dataflow]
fn doubled(orders: DataSet<(String, i64)>) -> DataSet<i64> {
    orders.map(|o| o.0 * 2 + o.1)
}

fn main() {}
