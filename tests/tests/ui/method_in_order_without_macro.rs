use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

fn by_length(orders: DataSet<Order>) -> DataSet<Order> {
    orders.sort(|o| desc(o.customer.to_lowercase()))
}

fn main() {}
