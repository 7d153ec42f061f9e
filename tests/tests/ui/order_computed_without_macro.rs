use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

fn by_remainder(orders: DataSet<Order>) -> DataSet<Order> {
    orders.sort(|o| desc(o.price % 3))
}

fn main() {}
