use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn prices(orders: DataSet<Order>) -> DataSet<i64> {
    orders.map(|o| {
        o.price * 2;
    })
}

fn main() {}
