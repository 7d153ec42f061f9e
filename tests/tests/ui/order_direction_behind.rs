use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn dearest_first(orders: DataSet<Order>) -> DataSet<Order> {
    orders.sort(|o| (o.customer, o.price.desc()))
}

fn main() {}
