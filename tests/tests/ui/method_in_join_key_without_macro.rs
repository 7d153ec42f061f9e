use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

fn pairs(orders: DataSet<Order>) -> DataSet<(u64, u64)> {
    orders.join(orders.clone()).on(|l| l.price.abs(), |r| r.price).process(|l, r, out| out.emit((l.id, r.id)))
}

fn main() {}
