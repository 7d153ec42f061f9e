use dataflow::prelude::*;

#[derive(Record, Clone, Copy)]
struct Order {
    customer: u64,
}

#[derive(Record, Clone, Copy)]
struct Customer {
    key: u32,
}

#[dataflow]
fn known(orders: DataSet<Order>, customers: DataSet<Customer>) -> DataSet<Order> {
    orders.semi_join(customers).on(|o| o.customer, |c| c.key)
}

fn main() {}
