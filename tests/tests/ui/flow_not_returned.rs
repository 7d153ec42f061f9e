use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn dear(orders: DataSet<Order>) -> DataSet<Order> {
    orders.filter(|o| o.price > 10);
}

fn main() {}
