use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

fn print_all(orders: DataSet<Order>) {
    for order in orders {
        println!("{}", order.id);
    }
}

fn main() {}
