use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn prices(orders: DataSet<Order>) -> DataSet<i64> {
    orders.group_by(|o| o.customer).reduce_group(|group, out| {
        for order in group {
            out.collect(order.price);
        }
    })
}

fn main() {}
