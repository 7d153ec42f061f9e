use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn one_each(orders: DataSet<Order>) -> DataSet<Order> {
    orders.distinct(|o| o.customer)
}

fn main() {}
