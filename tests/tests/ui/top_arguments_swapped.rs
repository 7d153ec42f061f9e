use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn dearest(orders: DataSet<Order>) -> DataSet<Order> {
    orders.top(|o| desc(o.price), 10)
}

fn main() {}
