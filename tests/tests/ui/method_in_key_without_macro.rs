use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

fn by_length(orders: DataSet<Order>) -> DataSet<(u64, u64)> {
    orders.group_by(|o| o.customer.len()).count()
}

fn main() {}
