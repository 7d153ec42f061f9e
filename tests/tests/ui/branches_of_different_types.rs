use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn prices(orders: DataSet<Order>) -> DataSet<i64> {
    orders.map(|o| if o.price > 9 { o.price + 1 } else { o.id + 1 })
}

fn main() {}
