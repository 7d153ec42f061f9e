use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn counts(orders: DataSet<Order>) -> DataSet<((String, i64), u64)> {
    orders.group_by(|o| o.customer, |o| o.price).count()
}

fn main() {}
