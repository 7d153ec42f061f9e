use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

fn print_all(orders: &DataSet<Order>) {
    for group in orders.group_by(|o| o.customer) {
        println!("a group");
    }
}

fn main() {}
