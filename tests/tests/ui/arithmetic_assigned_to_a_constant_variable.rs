use dataflow::prelude::*;

#[dataflow]
fn totals(orders: DataSet<(u64, i64)>) -> DataSet<i64> {
    orders.map(|o| {
        let total = o.1;
        total += 1;
        total
    })
}

fn main() {}
