use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

fn by_remainder(orders: DataSet<Order>) -> DataSet<(i64, u64)> {
    orders.group_by(|o| o.price % 3).count()
}

fn main() {}
