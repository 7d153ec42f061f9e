use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn prices(orders: DataSet<Order>) -> DataSet<(u64, Option<i64>)> {
    orders.map(|o| if o.price > 0 { (o.id, None) } else { (o.id + 1, None) })
}

fn main() {}
