use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

impl OrderRef<'_> {
    fn total(&self) -> i64 {
        self.price * 2
    }
}

#[dataflow]
fn totals(orders: DataSet<Order>) -> DataSet<(String, i64)> {
    orders.group_by(|o| o.customer).aggregate(|g| (g.key, g.sum(|o| o.total)))
}

fn main() {}
