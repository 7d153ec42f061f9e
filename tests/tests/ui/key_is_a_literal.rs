use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn counts(orders: DataSet<Order>) -> DataSet<(u32, u64)> {
    orders.group_by(|o| 1).count()
}

fn main() {}
