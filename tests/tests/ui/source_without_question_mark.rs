use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    customer: String,
    price: i64,
}

#[dataflow]
fn prices(env: &Env) -> dataflow::Result<DataSet<i64>> {
    Ok(env.read_csv::<Order>("orders.csv").map(|o| o.price))
}

fn main() {}
