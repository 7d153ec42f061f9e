use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn seen(orders: DataSet<Order>) -> DataSet<Order> {
    orders.map(|o| println!("{o:?}"))
}

fn main() {}
