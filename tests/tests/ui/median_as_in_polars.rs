use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn middle(orders: DataSet<Order>) -> DataSet<f64> {
    orders.median(|o| o.price)
}

fn main() {}
