use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn pairs(orders: DataSet<Order>, others: DataSet<Order>) -> DataSet<(u64, u64)> {
    orders.join(others, |left, right| left.id == right.id).map(|left, right| (left.id, right.id))
}

fn main() {}
