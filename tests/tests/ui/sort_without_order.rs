use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn sorted(orders: DataSet<Order>) -> DataSet<Order> {
    orders.sort()
}

fn main() {}
