use dataflow::prelude::*;

#[dataflow]
fn named(orders: DataSet<(u64, Option<String>)>) -> DataSet<(u64, Option<String>)> {
    orders.filter(|o| o.1 == "Ann")
}

fn main() {}
