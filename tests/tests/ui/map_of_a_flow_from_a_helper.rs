use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

fn orders(env: &Env) -> dataflow::Result<DataSet<Order>> {
    env.read_csv("orders.csv")
}

#[dataflow]
fn prices(env: &Env) -> dataflow::Result<DataSet<i64>> {
    Ok(orders(env)?.map(|o| o.price))
}

fn main() {}
