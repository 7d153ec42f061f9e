use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn totals(orders: DataSet<Order>) -> DataSet<(String, i64)> {
    orders.group_by(|o| o.customer).aggregate(|g| (g.key, g.filter(|o| o.price > 0).sum(|o| o.price)))
}

fn main() {}
